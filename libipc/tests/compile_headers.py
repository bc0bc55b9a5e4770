#!/usr/bin/env python3
"""Compiles every generated header, alone and together, as a freestanding server would and without a warning.

    compile_headers.py COMPILERS ROOT HEADER ...      COMPILERS: separated by commas
"""
import pathlib
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wundef", "-Wvla", "-Werror",
            "-Wstrict-prototypes", "-Wmissing-prototypes", "-ffreestanding"]


def source(headers):
    lines = [f'#include "{h}"' for h in headers]
    for h in headers:
        name, kind = h.stem.rsplit("_", 1)
        if kind == "server":  # a use, so that the dispatcher itself is compiled
            lines += [f"jg_token_t use_{name}(const struct {name}_ops *o, const struct jg_received *m,"
                      " struct jg_message *r);",
                      f"jg_token_t use_{name}(const struct {name}_ops *o, const struct jg_received *m,"
                      f" struct jg_message *r) {{ return {name}_dispatch(o, 0, m, r); }}"]
    return "\n".join(lines) + "\n"


def main():
    compilers, root = sys.argv[1].split(","), pathlib.Path(sys.argv[2])
    headers = [pathlib.Path(h).resolve() for h in sys.argv[3:]]
    jobs = [([h], "-O0") for h in headers] + [(headers, "-O2")]
    failures = 0
    for cc in compilers:
        for standard in ("c11", "gnu11"):
            for use, level in jobs:
                if standard == "c11" and len(use) == 1:
                    continue
                done = subprocess.run([cc, f"-std={standard}", level, *WARNINGS, f"-I{root / 'libipc/include'}",
                                       f"-I{root / 'abi'}", "-x", "c", "-", "-c", "-o", "/dev/null"],
                                      input=source(use), text=True, capture_output=True, timeout=120)
                if done.returncode != 0 or done.stderr:
                    print(f"not ok - {cc} -std={standard} {[h.name for h in use]}\n{done.stderr[:3000]}")
                    failures += 1
    print(f"{failures} failures, {len(headers)} headers, {len(compilers)} compilers")
    return 1 if failures or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
