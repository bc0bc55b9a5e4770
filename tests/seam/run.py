"""init and the template personality: each case is one boot.

Proves that a program's output, its status and its faults come out through a personality that is not
Linux's, and that a run which cannot go on ends within seconds with 125 and one sentence.
"""

import os
import re
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, 'tools'), os.path.join(TOP, 'tests', 'lib')]

from jargoon import bootimage, collect, guestconfig, parts, paths, readdir, rootimage, run, stacks  # noqa: E402
from jargoon.roottree import Tree  # noqa: E402
from tap import Failed, Tap, skip_all  # noqa: E402

PROGRAM, RUNTIME_TEST, DYING = sys.argv[1:4]
BIG = bytes((i * 31 + (i >> 8)) & 0xff for i in range(1 << 20))  # what `program big` writes


def sections(*command, personality='template', env=()):
    config = guestconfig.make(command, env, 'null', 'stream', 'stream', personality)
    system = parts.system([(PROGRAM, '/program')])
    return run.sections(rootimage.to_bytes(Tree()), config, stacks.Stack('template'), system)


def boot(found, memory=64 << 20, timeout=30):
    image, _ = bootimage.in_memory(found)
    try:
        options = collect.options_for(paths.built(parts.KERNEL), f'/proc/self/fd/{image}', memory=memory)
        return collect.collect(options, timeout=timeout, keep=[image])
    finally:
        os.close(image)


def want(outcome, status, stdout=b'', stderr=b'', sentence=None):
    seen = (outcome.status, bytes(outcome.stdout), bytes(outcome.stderr))
    if seen != (status, stdout, stderr):
        shown = (status, stdout[:100], stderr[:100]), tuple(x if isinstance(x, int) else x[:100] for x in seen)
        raise Failed(f'wanted {shown[0]}, saw {shown[1]}; {outcome.sentence}\n'
                     + outcome.log[-1500:].decode('utf-8', 'replace'))
    if sentence is not None and (not outcome.sentence or sentence not in outcome.sentence):
        raise Failed(f'wanted a sentence with "{sentence}", saw "{outcome.sentence}"')


def writes_and_exits():
    want(boot(sections('/program', 'hello', 'x y ', env=[('A', 'b')])), 7, b'hello x y A=b', b'aside')


def users_tree():
    tree = Tree()
    tree.add(b'mine', readdir.node_of(PROGRAM, os.stat(PROGRAM), (0, 0)))
    return rootimage.to_bytes(tree)


def runs_from_the_users_tree():
    found = sections('/mine', 'hello', 'me ')
    found['root'] = users_tree()
    want(boot(found), 7, b'hello me -', b'aside')


def slow_readers_get_it_all():
    """Readers sleep when the program has ended and its last bytes are still in the guest: how much the
    host's sockets hold varies, so there are several, with different amounts left."""
    with tempfile.NamedTemporaryFile() as image:
        image.write(users_tree())
        image.flush()
        guests = [subprocess.Popen(
            [sys.executable, os.path.join(TOP, 'tests', 'lib', 'guest.py'), '--image', image.name,
             '--personality', 'template', '--timeout', '60', '--', '/mine', 'big'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) for _ in range(3)]
        first = [guest.stdout.read(len(BIG) - (kib << 10))
                 for guest, kib in zip(guests, (224, 240, 256))]
        time.sleep(7)
        for guest, start in zip(guests, first):
            whole = start + guest.stdout.read()
            if guest.wait() != 0 or whole != BIG:
                raise Failed(f'status {guest.returncode}, {len(whole)} bytes of {len(BIG)}')


def a_mebibyte_arrives_whole():
    want(boot(sections('/program', 'big')), 0, BIG)


def unknown_calls_and_bad_arguments_are_errors():
    want(boot(sections('/program', 'errors')), 0, b'v\n')


def faults_are_signals(what, number):
    want(boot(sections('/program', what)), 128 + number)


def no_program():
    want(boot(sections('/nothing')), 125, sentence='/nothing cannot be run')


def no_command():
    want(boot(sections()), 125, sentence='give a command')


def unknown_personality():
    want(boot(sections('/program', personality='cobol')), 125, sentence='linux, template')


def missing(name, **changes):
    found = sections('/program', 'hello')
    del found[name]
    want(boot(found), 125, sentence=name, **changes)


def damaged_root():
    found = sections('/program', 'hello')
    found['root'] = b'JGROOT1\0' + b'\xff' * 8000
    want(boot(found), 125, sentence='root')


def server_that_is_no_program():
    found = sections('/program', 'hello')
    found['bin/vfsd'] = b'#!/bin/sh\n' * 1000
    want(boot(found), 125, sentence='vfsd')


def server_that_ends(name, binary, sentence):
    found = sections('/program', 'hello')
    found[name] = binary
    want(boot(found), 125, sentence=sentence)


def damaged_config():
    found = sections('/program', 'hello')
    found['config'] += b'stdin socket\n'
    want(boot(found), 125, sentence='stdin socket')


def runtime(name):
    if f'runtime: passed: {name}' not in runtime.log:
        raise Failed(runtime.log[-1500:])


def run_runtime():
    """Boots the runtime's test in init's place; returns the names of its cases."""
    runtime.log = boot({'bin/init': RUNTIME_TEST}, timeout=60).log.decode('utf-8', 'replace')
    return re.findall(r'runtime: (?:passed|failed): (.*)', runtime.log)


def runtime_ends():
    if 'runtime: end' not in runtime.log:
        raise Failed(runtime.log[-1500:])


for needed in (parts.KERNEL, parts.PID1):
    if not os.path.exists(paths.built(needed)):
        skip_all(f'the build did not make {needed}')
tap = Tap()
for name in run_runtime():
    tap.case(f'runtime: {name.strip()}', runtime, name.strip())
tap.case('runtime: all cases ran', runtime_ends)
tap.case('a program writes and exits', writes_and_exits)
tap.case("a program of the user's own tree", runs_from_the_users_tree)
tap.case('a mebibyte arrives whole', a_mebibyte_arrives_whole)
tap.case('slow readers get it all', slow_readers_get_it_all)
tap.case('unknown calls and bad arguments are errors', unknown_calls_and_bad_arguments_are_errors)
for what, number in (('null', 11), ('illegal', 4), ('divide', 8)):
    tap.case(f'a fault is a signal: {what}', faults_are_signals, what, number)
tap.case('a program that is not there', no_program)
tap.case('no command, and no shell', no_command)
tap.case('an unknown personality', unknown_personality)
for name in ('root', 'system', 'config', 'bin/vfsd', 'bin/template'):
    tap.case(f'a boot image without {name}', missing, name)
tap.case('a damaged root', damaged_root)
tap.case('a server that is no program', server_that_is_no_program)
tap.case('a personality that ends', server_that_ends, 'bin/template', DYING, 'template ended with code 3')
tap.case('a vfsd that ends', server_that_ends, 'bin/vfsd', DYING, 'vfsd')
# Without consoled nobody can tell the host; that the machine powers off is what is left to say it.
tap.case('a consoled that ends', server_that_ends, 'bin/consoled', DYING, 'without a status')
tap.case('a damaged configuration', damaged_config)
tap.done()
