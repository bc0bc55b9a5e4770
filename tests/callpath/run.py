"""Counts what each leg of a call touches, prints it, and holds it to its bounds.

    run.py LEGS.so UMASK KTEST      TAP; --pages prints the addresses of pages and blocks as well

A leg goes from one load of cr3 to the next; under emulation each one empties the TLB, and each page that the leg
then touches is looked up again, page tables too, and each block of code that is not reached by a jump to a fixed place in its page.
Distinct pages, tables and blocks are what a call costs there beside the two loads. Two loops are looked at:
calls of 8 words between two processes (ktest, family ipc), and umask, toggling, from a Linux program
(a trap, a handler in linuxserver, a reply). The calls are the same each time: the least of each leg counts.
"""

import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, 'tools'), os.path.join(TOP, 'tests', 'lib')]

from jargoon import bootimage, collect, guestconfig, parts, paths, qemu, readdir, rootimage, run  # noqa: E402
from jargoon.roottree import Tree  # noqa: E402
from tap import Failed, Skip, Tap  # noqa: E402

LEGS, UMASK, KTEST = sys.argv[1:4]
SHOW_PAGES = '--pages' in sys.argv
NAMES = ('user instructions', 'kernel instructions', 'user code', 'kernel code', 'user data', 'kernel data',
         'blocks looked up', 'tables')
# What a leg may have at most: instructions of both, then pages of user code, kernel code, user data, kernel data, then blocks and
# tables. The first leg is the one in the server; the second one the client's.
BOUNDS = {
    'call': ((30, 185, 1, 1, 1, 4, 3, 7), (30, 185, 1, 1, 1, 4, 3, 7)),
    'umask': ((75, 165, 1, 1, 4, 4, 5, 7), (10, 190, 1, 1, 1, 4, 3, 7)),
}
DIRECT, IMAGE = 0xffffff8000000000, 0xffffffff80000000  # of the kernel: machine/layout.h


def tables(pages):
    """How many page tables lead to these pages: those of levels 0 to 2 that differ, and the root.

    The kernel's image is the direct map's first GiB; beyond 2 MiB that has pages of 2 MiB.
    """
    found = set()
    for va in pages:
        if DIRECT <= va < DIRECT + (1 << 30):
            va += IMAGE - DIRECT
        large = va >= IMAGE + (2 << 20)
        found.update((level, va >> (21 + 9 * level)) for level in range(large, 3))
    return 1 + len(found)


def marked(sections):
    """Boots and returns [(legs, instructions, cr3 loads)] for each stretch between marks."""
    image, _ = bootimage.in_memory(sections)
    with tempfile.NamedTemporaryFile(mode='r', prefix='jargoon-legs-') as found:
        try:
            options = qemu.Options(paths.built(parts.KERNEL), f'/proc/self/fd/{image}', memory=128 << 20,
                                   icount=True, extra=('-plugin', f'{os.path.abspath(LEGS)},out={found.name}'))
            outcome = collect.collect(options, timeout=60, keep=[image])
        finally:
            os.close(image)
        lines = found.read().splitlines()
    stretches, legs = [], []
    for line in lines:
        words = line.split()
        if words[0] == 'leg':
            pages = [int(word[3:], 16) for word in words[8:] if not word.startswith('tb:')]
            legs.append(((*map(int, words[1:8]), tables(pages)), words[8:]))
        else:
            stretches.append((legs, int(words[1]), int(words[2])))
            legs = []
    if not stretches:
        raise Failed(f'the plugin saw no mark: {outcome.sentence} {outcome.log[-500:]!r}')
    return stretches


def least(legs, first):
    """Every second leg, from that one: the one with the fewest instructions."""
    return min(legs[first::2], key=lambda leg: sum(leg[0][:2]))


def hold(out, what, stretch, count):
    legs, instructions, loads = stretch
    out.note(f'{what}: {instructions / count:.0f} instructions and {loads / count:.2f} loads of cr3 for one')
    if loads != 2 * count:
        raise Failed(f'{loads} loads of cr3 for {count} calls')
    for side, bounds in zip((0, 1), BOUNDS[what]):
        numbers, pages = least(legs, side)
        out.note(f'  {("there", "back")[side]}: '
                 + ', '.join(f'{n} {name}' for n, name in zip(numbers, NAMES)))
        if SHOW_PAGES:
            out.note('    ' + ' '.join(pages))
        for n, name, bound in zip(numbers, NAMES, bounds):
            if n > bound:
                raise Failed(f'leg {side} has {n} {name}, more than {bound}')


def calls(out):
    with open(KTEST, 'rb') as file:
        found = marked({'bin/init': file.read(), 'only': b'ipc'})
    hold(out, 'call', found[0], 8)


def traps(out):
    tree = Tree()
    tree.add(b'umask', readdir.node_of(UMASK, os.stat(UMASK), (0, 0)))
    config = guestconfig.make(['/umask'], [], 'null', 'null', 'null', 'linux')
    found = marked(run.sections(rootimage.to_bytes(tree), config))
    hold(out, 'umask', found[0], 8)
    legs, instructions, loads = found[1]
    out.note(f'getppid: {instructions / 8:.0f} instructions, {loads} loads of cr3')
    if loads or instructions > 8 * 150:
        raise Failed('getppid went to the server')


def main():
    out = Tap()
    out.case('the pages of a call between two processes', calls, out)
    out.case('the pages of a trap to the Linux server', traps, out)
    out.done()


if __name__ == '__main__':
    main()
