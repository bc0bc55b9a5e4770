"""Who may include whom (docs/architecture.md, "Layers"), checked for every #include of every room.

    layering.py     TAP, one case for each rule; each violation is one line "FILE:LINE what"
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / 'tests' / 'lib')]

from sources import TOP, all_of, without_comments  # noqa: E402
from tap import Tap  # noqa: E402

# What a freestanding compiler brings itself.
COMPILER = {'stdint.h', 'stddef.h', 'stdbool.h', 'stdarg.h', 'limits.h', 'stdatomic.h'}
SERVER_MAY = {'abi', 'libipc', 'runtime'}
ROOM_MAY = {
    'abi': set(),
    'libipc': {'abi', 'runtime'},
    'microkernel': {'abi'},
    'runtime': {'abi', 'libipc'},
    'init': SERVER_MAY, 'vfsd': SERVER_MAY, 'consoled': SERVER_MAY, 'linuxserver': SERVER_MAY,
    'personalities': SERVER_MAY,
}
# Headers of the system whose language a personality speaks: layouts and numbers only.
FOREIGN = {room: ('linux/', 'asm/', 'asm-generic/') for room in ('linuxserver', 'personalities')}
# Where a room's own headers may stand, beside the including file's folder and the room itself.
PUBLIC = {'abi': ('',), 'runtime': ('include',), 'libipc': ('include',),
          'microkernel': ('include', 'arch/x86_64/include', 'arch/x86_64'),
          'linuxserver': ('include', 'arch/x86_64'), 'personalities': ('overlay',)}
GENERATED = re.compile(r'ipc/\w+\.h$')
STUBS = re.compile(r'ipc/\w+_(?:client|server)\.h$')

KERNEL_LAYERS = ['core', 'mm', 'vm', 'object', 'syscall']
# A machine's part may call what lies below the objects.
KERNEL_ARCH_MAY = {'arch', 'machine', 'core', 'mm', 'vm'}
LINUX_FOLDERS_MAY = {
    'sync': {'sync', 'arch'},
    'mm': {'mm', 'signal', 'sync', 'arch', 'task'},
    'signal': {'signal', 'task', 'mm', 'sync', 'arch', 'fs'},
    'task': {'task', 'mm', 'signal', 'fs', 'ipc', 'sync', 'arch'},
    'ipc': {'ipc', 'fs', 'task', 'mm', 'signal', 'sync', 'arch'},
    'fs': {'fs', 'task', 'mm', 'signal', 'sync', 'arch'},
    'socket': {'socket', 'fs', 'task', 'mm', 'signal', 'sync', 'arch'},
    'sys': {'sys', 'task', 'mm', 'signal', 'fs', 'ipc', 'socket', 'sync', 'arch'},
}


def is_host_program(source):
    """ipcgen and what only its build uses run on the host."""
    return source.name.startswith(('libipc/ipcgen/', 'libipc/tests/'))


def resolve(source, quoted, name):
    """The room that the header belongs to; None when it is none of ours."""
    folders = [source.path.parent] if quoted else []
    rooms = [source.room] + [room for room in PUBLIC if room != source.room]
    for room in rooms:
        folders += [TOP / room / inner for inner in PUBLIC.get(room, ())] + (
            [TOP / room] if room == source.room else [])
    parent = source.path.parent
    while source.room == 'personalities' and parent != TOP / 'personalities':
        folders.append(parent)
        parent = parent.parent
    for folder in folders:
        path = (folder / name).resolve()
        if path.is_file() and TOP in path.parents:
            return path.relative_to(TOP).parts[0]
    return None


def rooms(sources):
    for source in sources:
        for line, quoted, name in source.includes():
            room = resolve(source, quoted, name)
            if room is None:
                known = (name in COMPILER or GENERATED.match(name) or name.endswith('.inc')
                         or name.startswith(FOREIGN.get(source.room, ('\0',))))
                if not known or (GENERATED.match(name) and 'libipc' not in ROOM_MAY[source.room]):
                    yield f'{source.name}:{line} includes {name}, which is none of ours'
            elif room != source.room and room not in ROOM_MAY[source.room]:
                yield f'{source.name}:{line} includes {name} of {room}'


def kernel_layers(sources):
    for source in sources:
        parts = source.name.split('/')
        if parts[0] != 'microkernel' or 'test' in parts:
            continue
        layer = parts[2] if parts[1] == 'include' else parts[1]
        for line, _, name in source.includes():
            to = name.split('/')[0]
            if '/' not in name or to not in KERNEL_LAYERS:
                continue
            if layer == 'arch':
                wrong = to not in KERNEL_ARCH_MAY
            elif layer in KERNEL_LAYERS:
                wrong = KERNEL_LAYERS.index(to) > KERNEL_LAYERS.index(layer)
            else:
                wrong = False
            if wrong:
                yield f'{source.name}:{line} {layer} includes {name}'


def user_pointers(sources):
    for source in sources:
        if source.room == 'microkernel' and not source.name.startswith(
                ('microkernel/syscall/', 'microkernel/include/syscall/', 'microkernel/arch/',
                 'microkernel/include/arch/')):
            for line, _, name in source.includes():
                if name == 'arch/user.h':
                    yield f'{source.name}:{line} touches user memory'


def linuxserver_folders(sources):
    for source in sources:
        parts = source.name.split('/')
        if parts[0] != 'linuxserver' or len(parts) < 3 or parts[1] not in LINUX_FOLDERS_MAY:
            continue
        for line, _, name in source.includes():
            to = name.split('/')[0]
            ours = '/' in name and to in LINUX_FOLDERS_MAY and not STUBS.match(name)
            if ours and to not in LINUX_FOLDERS_MAY[parts[1]]:
                yield f'{source.name}:{line} {parts[1]} includes {name}'


def machine_code(sources):
    for source in sources:
        if '/arch/' in source.name or source.path.suffix == '.S':
            continue
        text = without_comments(source.text)
        for match in re.finditer(r'\b(?:asm|__asm__)\s*(?:volatile|__volatile__)?\s*\(', text):
            if source.text[match.end():].lstrip().startswith('""'):
                continue  # a compiler barrier
            line = text.count('\n', 0, match.start()) + 1
            yield f'{source.name}:{line} has machine code outside arch/'


RULES = {'rooms include only whom they may': rooms,
         'kernel layers look only downwards': kernel_layers,
         'only syscall/ touches user pointers': user_pointers,
         'linuxserver: sys, then task, mm, signal and fs, then sync': linuxserver_folders,
         'machine code is only in arch/': machine_code}


def main():
    out = Tap()
    sources = [source for source in all_of() if not is_host_program(source)]
    for title, rule in RULES.items():
        wrong = list(rule(sources))
        out.line(not wrong, title)
        out.note('\n'.join(wrong))
    out.line(len(sources) > 100, 'there is something to check')
    out.done()


if __name__ == '__main__':
    main()
