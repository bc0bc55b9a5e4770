"""The project's C files, for the checkers: which room a file is in, and what it includes."""

import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ('abi', 'microkernel', 'libipc', 'runtime', 'init', 'linuxserver', 'vfsd', 'consoled',
         'personalities')
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.M)


class Source:
    def __init__(self, path):
        self.path = path
        self.name = path.relative_to(TOP).as_posix()
        self.room = self.name.split('/')[0]
        self.text = path.read_text(encoding='utf-8')

    def includes(self):
        """(line number, quoted, name) of each #include."""
        for match in INCLUDE.finditer(self.text):
            yield self.text.count('\n', 0, match.start()) + 1, match[1] == '"', match[2]


def all_of(suffixes=('.c', '.h', '.S')):
    return [Source(path) for room in ROOMS for path in sorted((TOP / room).rglob('*'))
            if path.suffix in suffixes and path.is_file()]


def without_comments(text):
    """The same length, with comments and string contents blanked, so that positions still hold."""
    def blank(match):
        found = match[0]
        if found.startswith(('/*', '//')):
            return re.sub(r'[^\n]', ' ', found)
        return found[0] + re.sub(r'[^\n]', ' ', found[1:-1]) + found[-1]
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.S)
