"""The `config` section of the boot image: what this run should do, as lines of `key value`."""


def encode(value):
    """%XX for bytes up to space, for `%` and from 0x7f on; any bytes of an argument survive."""
    raw = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if 0x20 < byte < 0x7f and byte != 0x25 else f"%{byte:02X}"
                   for byte in raw)


def text(pairs):
    """bytes of the section from (key, value) pairs; a value may be a list of words, each encoded."""
    lines = []
    for key, value in pairs:
        words = value if isinstance(value, (list, tuple)) else [value]
        lines.append(" ".join([key] + [encode(str(word) if isinstance(word, int) else word)
                                       for word in words]))
    return ("\n".join(lines) + "\n").encode("ascii")


def make(command=(), env=(), stdin="tty", stdout="tty", stderr="tty", personality="linux", levels="",
         winsize=None, verbose=False, cwd="/root", kernel=()):
    """The section for a run: `env` is a list of (name, value), `kernel` a list of test options."""
    pairs = [("personality", personality)]
    if levels:
        pairs.append(("levels", levels))
    pairs += [("arg", word) for word in command]
    pairs += [("env", f"{name}={value}") for name, value in env]
    pairs += [("cwd", cwd), ("stdin", stdin), ("stdout", stdout), ("stderr", stderr)]
    if winsize:
        pairs.append(("winsize", list(winsize)))
    pairs += [("kernel", option) for option in kernel]
    pairs.append(("verbose", int(bool(verbose))))
    return text(pairs)
