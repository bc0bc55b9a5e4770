"""Counts what each leg of a call touches, prints it, and holds it to its bounds.

    run.py LEGS.so UMASK KTEST      TAP; --pages prints each page's address as well

A leg goes from one load of cr3 to the next; under emulation each one empties the TLB, and each page that the leg
then touches is looked up again, so distinct pages are what a call costs there beside the two loads. Two loops are looked at:
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
NAMES = ('user instructions', 'kernel instructions', 'user code', 'kernel code', 'user data', 'kernel data')
# What a leg may have at most: instructions of both, then pages of user code, kernel code, user data, kernel data. The first
# leg is the one in the server; the second one the client's.
BOUNDS = {
    'call': ((30, 185, 1, 1, 1, 4), (30, 185, 1, 1, 1, 4)),
    'umask': ((75, 165, 1, 1, 4, 5), (10, 190, 1, 1, 1, 5)),
}


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
            legs.append((tuple(int(word) for word in words[1:7]), words[7:]))
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
