"""Messages between servers are made and read by generated code only (docs/ipc.md).

    marshalling.py     TAP, one case for each rule; each violation is one line "FILE:LINE what"

What may look like it: a trap and an event are the kernel's messages, not an interface's, and whoever gets
them reads their words. Those files are listed here.
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / 'tests' / 'lib')]

from sources import all_of, without_comments  # noqa: E402
from tap import Tap  # noqa: E402

SERVERS = ('init', 'vfsd', 'consoled', 'linuxserver', 'personalities', 'runtime')

# What only stubs and dispatchers are made of (libipc/include/jg/ipc.h, abi/jg/call.h).
GENERATED_ONLY = re.compile(
    r'\b(jg_channel_call|jg_call_(?:read|write|take|give)|jg_ipc_\w+|JG_IPC_\w+|struct jg_call_ext|'
    r'JG_CALL_EXT_\w+)\b')
WORDS = re.compile(r'(?:->|\.)\s*word\s*\[')
MESSAGE = re.compile(r'\bstruct jg_(?:message|received)\b')
READS_WORDS = {
    'linuxserver/events.c': 'the bits of an event',
    'linuxserver/task/trap.c': 'the registers of a trap',
    'linuxserver/task/worker.c': 'the registers of a system call, answered in place',
    'personalities/template/main.c': 'the registers of a trap',
    'personalities/overlay/overlay.c': 'the registers of a trap',
}
# The window of a trap is the program's memory, and what comes with it the thread.
OF_A_TRAP = re.compile(r'jg_call_(?:read|write|take)')
USES_TRAPS = {'personalities/overlay/overlay.c'}
DISPATCH = re.compile(r'\b\w+_dispatch\s*\(')
RAISE = re.compile(r'\bjg_event_raise\s*\(\s*[^,;]*,\s*([^;]*)\)\s*;')
EVENT_NUMBER = re.compile(r'#\s*define\s+\w*EVENT_\w*(?:\([^)]*\))?[ \t]+.*<<')


def found(source, pattern, what):
    text = without_comments(source.text)
    for match in pattern.finditer(text):
        yield f'{source.name}:{text.count(chr(10), 0, match.start()) + 1} {what(match)}'


def primitives(sources):
    for source in sources:
        for line in found(source, GENERATED_ONLY, lambda m: f'uses {m[1]}, which is for generated code'):
            if source.name not in USES_TRAPS or not OF_A_TRAP.search(line):
                yield line


def words(sources):
    users = set()
    for source in sources:
        if not MESSAGE.search(source.text):
            continue
        wrong = list(found(source, WORDS, lambda m: 'reads or writes the words of a message'))
        if source.name in READS_WORDS:
            users.update([source.name] if wrong else [])
        else:
            yield from wrong
    for name in sorted(set(READS_WORDS) - users):
        yield f'{name}:1 is listed in marshalling.py without need'


def dispatchers(sources):
    for source in sources:
        text = without_comments(source.text)
        if re.search(r'\bJG_KIND_CALL\b', text) and not DISPATCH.search(text):
            yield from found(source, re.compile(r'\bJG_KIND_CALL\b'),
                             lambda m: 'gets calls without a generated dispatcher')


def events(sources):
    for source in sources:
        yield from found(source, EVENT_NUMBER, lambda m: 'numbers an event that an .idl should')
        text = without_comments(source.text)
        for match in RAISE.finditer(text):
            if re.search(r'\b\d', match[1]):
                line = text.count('\n', 0, match.start()) + 1
                yield f'{source.name}:{line} raises an event by number'


RULES = {'only generated code sends, reads and answers messages': primitives,
         'only traps and events have their words read': words,
         'every call goes to a generated dispatcher': dispatchers,
         'events have the names of their interface': events}


def main():
    out = Tap()
    sources = [source for source in all_of() if source.room in SERVERS]
    for title, rule in RULES.items():
        wrong = list(rule(sources))
        out.line(not wrong, title)
        out.note('\n'.join(wrong))
    users = [s for s in sources if re.search(r'<ipc/\w+_(?:client|server)\.h>', s.text)]
    out.line(len(users) > 10, f'there is something to check ({len(users)} files use interfaces)')
    out.done()


if __name__ == '__main__':
    main()
