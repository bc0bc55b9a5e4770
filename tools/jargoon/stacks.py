"""What --personality says: a base personality and those that stand above it.

A SPEC is elements with colons between, the highest first: `trace,filter=file:fault,read=EIO@3:linux`. An
element is a name of init/manifest, or the path of a server's ELF on the host (anything with a `/`), and
options behind commas. The last one is the base; it may be left out if it is linux.
"""

import os
import re

from . import parts
from .errors import Failure

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,22}")


class Stack:
    """`base` and `levels` (text for init, "" for none); `files` are sections of the boot image (name -> path on the
    host) and `manifest` the lines that name them, for personalities that came as paths."""

    def __init__(self, spec):
        elements = [element.partition(",") for element in spec.split(":")]
        self.files, lines = {}, []
        if elements[-1][0] in parts.levels():
            elements.append(("linux", "", ""))
        names = [self._name(element[0], lines, index < len(elements) - 1)
                 for index, element in enumerate(elements)]
        self.base = names[-1]
        self.levels = ":".join(name + comma + options for name, (_, comma, options)
                               in zip(names[:-1], elements))
        self.manifest = "".join(lines).encode()
        if elements[-1][2]:
            raise Failure(f"the personality `{self.base}` takes no options")

    def _name(self, word, lines, level):
        if "/" not in word:
            known = parts.levels() if level else parts.bases()
            if word not in known:
                where = "to stand above another" if level else "to run programs on"
                raise Failure(f"there is no personality `{word}` {where}: use one of "
                              f"{', '.join(known)}, or the path of a server's program")
            return word
        name = re.sub(r"[^a-z0-9_-]", "-", os.path.basename(word).lower())
        if not NAME.fullmatch(name) or not os.path.isfile(word):
            raise Failure(f"there is no personality at `{word}`")
        if f"bin/{name}" in self.files or name in parts.levels() + parts.bases():
            raise Failure(f"two personalities are called `{name}`: rename the file `{word}`")
        self.files[f"bin/{name}"] = word
        lines.append(f"\npersonality {name}\n    priority server\n    reserve 16\n"
                     + ("    level\n" if level else ""))
        return name
