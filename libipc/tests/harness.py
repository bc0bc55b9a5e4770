#!/usr/bin/env python3
"""Generates, compiles and runs one of the C tests of the generator.

    harness.py IPCGEN CC ROOT CACHE round|calls|replies|reject NAME [ARGUMENT ...]
    harness.py IPCGEN CC ROOT CACHE parser fuzz [ARGUMENT ...]

NAME is an interface of libipc/idl/ or libipc/tests/; `calls` fuzzes its dispatcher, `replies` its stubs. It is
compiled here and not by ninja, because nobody who only wants a kernel should wait for sanitised tests; what
was compiled is kept in CACHE for as long as no input changes. The fuzz targets run under libFuzzer if clang has it, else in a loop of random inputs.
"""
import hashlib
import pathlib
import shutil
import subprocess
import sys

SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
SOURCES = {"round": ["round_trip.c", "fake.c"], "calls": ["fuzz_decoder.c", "fake.c"],
           "replies": ["fuzz_decoder.c", "fake.c"], "reject": ["reject.c", "fake.c"]}
FUZZERS = "calls", "replies"


def run(*command, **more):
    done = subprocess.run([str(c) for c in command], timeout=300, **more)
    if done.returncode != 0:
        print(f"failed with status {done.returncode}: {' '.join(str(c) for c in command)}")
        sys.exit(1)


def libfuzzer():
    """The clang that can link a libFuzzer target, or None."""
    clang = shutil.which("clang")
    probe = b"int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return !d && n; }"
    if clang and subprocess.run([clang, "-fsanitize=fuzzer,address,undefined", "-x", "c", "-", "-o", "/dev/null"],
                                input=probe, capture_output=True, timeout=60).returncode == 0:
        return clang
    return None


class Builder:
    def __init__(self, ipcgen, cc, root, cache):
        self.ipcgen, self.cc = ipcgen, cc
        self.root, self.cache = pathlib.Path(root), pathlib.Path(cache)
        self.lib = self.root / "libipc"
        self.tests = self.lib / "tests"
        self.generator = sorted(p for p in (self.lib / "ipcgen").glob("*.c") if p.name != "main.c")
        (self.cache / "ipc").mkdir(parents=True, exist_ok=True)

    def compile(self, name, cc, flags, sources, inputs):
        """Compiles unless the same compiler made the same from the same; returns the program."""
        program, stamp = self.cache / name, self.cache / (name + ".stamp")
        state = hashlib.sha256(repr([cc, flags, [str(s) for s in sources]]).encode())
        for path in sorted(set(map(pathlib.Path, inputs)) | set(map(pathlib.Path, sources))):
            state.update(path.read_bytes())
        if not (program.exists() and stamp.exists() and stamp.read_text() == state.hexdigest()):
            run(cc, "-std=gnu11", "-g", *flags, *sources, "-o", program)
            stamp.write_text(state.hexdigest())
        return program

    def fuzz_flags(self):
        clang = libfuzzer()
        if clang:
            return clang, ["-fsanitize=fuzzer,address,undefined", SANITIZE[1]], []
        return self.cc, SANITIZE, [self.tests / "fuzz_main.c"]

    def generator_inputs(self):
        return list((self.lib / "ipcgen").glob("*.[ch]"))

    def harness_header(self, name):
        idl = next(d / f"{name}.idl" for d in (self.lib / "idl", self.tests) if (d / f"{name}.idl").exists())
        tool = self.compile("ipcgen-harness-" + name, self.cc, [], [self.tests / "emit_harness.c", *self.generator],
                            self.generator_inputs())
        client, server = self.cache / "ipc" / f"{name}_client.h", self.cache / "ipc" / f"{name}_server.h"
        run(self.ipcgen, idl, client, server)
        run(tool, idl, self.cache / f"{name}_harness.h")
        return [client, server, self.cache / f"{name}_harness.h"]

    def test(self, kind, name):
        headers = self.harness_header(name)
        sources = [self.tests / s for s in SOURCES[kind]]
        cc, flags, more = self.fuzz_flags() if kind in FUZZERS else (self.cc, SANITIZE, [])
        flags = flags + ["-O1", f"-DFUZZ_CALLS={int(kind == 'calls')}",
                         f'-DHARNESS="{name}_harness.h"', f"-I{self.tests / 'shim'}", f"-I{self.tests}",
                         f"-I{self.lib / 'include'}", f"-I{self.root / 'abi'}", f"-I{self.cache}"]
        fixed = [*self.tests.glob("*.h"), *self.tests.glob("shim/jg/*.h"), *self.lib.glob("include/jg/*.h"),
                 *self.root.glob("abi/jg/*.h")]
        return self.compile(f"{kind}-{name}", cc, flags, sources + more, headers + fixed)

    def fuzz_parser(self):
        cc, flags, more = self.fuzz_flags()
        return self.compile("fuzz-parser", cc, flags + ["-O1"],
                            [self.tests / "fuzz_parser.c", *more, *self.generator], self.generator_inputs())


def main():
    ipcgen, cc, root, cache = sys.argv[1:5]
    kind, name, *arguments = sys.argv[5:]
    builder = Builder(ipcgen, cc, root, pathlib.Path(cache) / f"{kind}-{name}")  # no two tests share files
    if kind == "parser":
        seeds = [str(p) for p in sorted(builder.tests.glob("golden/*.idl")) + sorted(builder.tests.glob("errors/*.idl"))]
        arguments += ["-seed_inputs=" + ",".join(seeds)] if libfuzzer() else seeds
        program = builder.fuzz_parser()
    else:
        program = builder.test(kind, name)
    done = subprocess.run([program, *arguments], timeout=3600, capture_output=True, text=True, errors="replace",
                          cwd=builder.cache)
    print("\n".join((done.stdout + done.stderr).splitlines()[-60:]))
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
