"""Streams and statuses: `./jargoon run` as a script's building block."""

import hashlib
import os
import subprocess
import tarfile
import tempfile
import threading
import time

from tap import Failed
from world import last_log


def echo_through_cat(world):
    world.run('cat', stdin=b'hi\n').check(0, b'hi\n', b'')


def exit_status_is_ours(world):
    for status in (0, 7, 255):
        world.run('sh', '-c', f'exit {status}').check(status, b'', b'')


def killed_by_a_signal_is_128_and_its_number(world):
    world.run('sh', '-c', 'kill -9 $$').check(137)
    world.run('sh', '-c', 'kill -TERM $$').check(143)


def stdout_and_stderr_stay_apart(world):
    world.run('sh', '-c', 'echo out; echo err >&2; echo more').check(0, b'out\nmore\n', b'err\n')


def script_on_stdin_is_read_by_sh(world):
    world.run(stdin=b'x=4\necho "a$x"\nexit $x\n').check(4, b'a4\n', b'')


def every_byte_value_survives(world):
    data = bytes(range(256)) * 4099
    world.run('cat', stdin=data).check(0, data, b'')


def empty_stdin(world):
    world.run('cat').check(0, b'', b'')
    world.run('wc', '-c').check(0, b'0\n')


def stdin_from_a_file(world):
    with tempfile.TemporaryFile() as file:
        file.write(b'from a file\n' * 1000)
        file.seek(0)
        world.run('wc', '-l', stdin=file).check(0, b'1000\n')


def not_found_is_127(world):
    result = world.run('no-such-command').check(127, b'')
    if b'not found' not in result.err:
        raise Failed(f'it does not say so: {result}')
    world.run('/bin/none').check(127)


def not_executable_is_126(world):
    world.run('/etc/passwd').check(126, b'')
    world.run('/etc').check(126, b'')


def arguments_arrive_as_they_are(world):
    world.run('printf', '[%s]', '', 'two words', '*', '$HOME', 'é', '--', '-n', 'a\nb').check(
        0, '[][two words][*][$HOME][é][--][-n][a\nb]'.encode())


def surroundings(world):
    out = world.run('sh', '-c', 'echo $HOME; pwd; echo $PATH; echo $X; id -u',
                    options=['--env', 'X=a b=c%41']).check(0).out.decode().split('\n')
    if out[:2] != ['/root', '/root'] or '/bin' not in out[2] or out[3:5] != ['a b=c%41', '0']:
        raise Failed(repr(out))


def nothing_is_a_terminal(world):
    world.run('sh', '-c', 'for i in 0 1 2; do test -t $i && echo $i; done; tty').check(
        1, b'not a tty\n', b'')


def files_are_added(world):
    with tempfile.NamedTemporaryFile(suffix='.sh') as file:
        file.write(b'#!/bin/sh\necho added $1\n')
        file.flush()
        os.chmod(file.name, 0o755)
        world.run('/opt/added.sh', 'it', options=['--add', file.name + ':/opt/added.sh']).check(
            0, b'added it\n', b'')


def time_limit_is_124(world):
    result = world.run('sleep', '1000', options=['--timeout', '6']).check(124)
    if result.seconds > 20:
        raise Failed(f'it took {result.seconds} s')


def poweroff_is_0(world):
    world.run('sh', '-c', 'poweroff; sleep 20').check(0)


def forced_poweroff_is_0(world):
    world.run('sh', '-c', 'poweroff -f; sleep 20').check(0)


def output_before_a_poweroff_is_not_lost(world):
    result = world.run('sh', '-c', 'head -c 300000 /dev/zero; poweroff -f; sleep 20')
    if len(result.out) != 300000:
        raise Failed(f'{len(result.out)} of 300000 bytes; {result.status}')


def a_command_that_ends_does_not_wait_for_stdin(world):
    read, write = os.pipe()
    try:
        world.run('echo', 'done', stdin=os.fdopen(read, 'rb')).check(0, b'done\n')
    finally:
        os.close(write)


def a_reader_that_goes_gives_sigpipe_inside(world):
    process = subprocess.Popen(
        world.command('sh', '-c', 'cat /dev/zero; echo "status $?" >&2'),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.read(100000)
    process.stdout.close()
    timer = threading.Timer(40, process.kill)
    timer.start()
    err = process.stderr.read()
    process.wait()
    timer.cancel()
    if err != b'status 141\n':
        raise Failed(f'stderr is {err!r}\n{last_log()}')


def hundred_mebibytes_through_cat(world):
    total, block = 100 << 20, bytes(range(251)) * 4177
    process = subprocess.Popen(world.command('cat'), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    sent, got, count = hashlib.sha256(), hashlib.sha256(), 0

    def feed():
        left = total
        while left:
            piece = block[:left]
            sent.update(piece)
            try:
                process.stdin.write(piece)
            except BrokenPipeError:
                break
            left -= len(piece)
        process.stdin.close()
    timer = threading.Timer(100, process.kill)
    timer.start()
    feeder = threading.Thread(target=feed)
    feeder.start()
    start = time.monotonic()
    while data := process.stdout.read(1 << 20):
        got.update(data)
        count += len(data)
    feeder.join()
    status = process.wait()
    timer.cancel()
    took = time.monotonic() - start
    if status != 0 or count != total or got.digest() != sent.digest():
        raise Failed(f'status {status}, {count} of {total} bytes after {took:.1f} s; '
                     f'{"the same" if got.digest() == sent.digest() else "different"}\n{last_log()}')
    if world.on == 'jargoon' and took > 30:
        raise Failed(f'{took:.1f} s for 100 MiB')


def slow_reader_loses_nothing(world):
    process = subprocess.Popen(world.command('seq', '1', '100000'), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE)
    timer = threading.Timer(60, process.kill)
    timer.start()
    data = process.stdout.read(1000)
    time.sleep(2)
    data += process.stdout.read()
    timer.cancel()
    if process.wait() != 0 or data.split() != [b'%d' % n for n in range(1, 100001)]:
        raise Failed(f'{len(data)} bytes, status {process.returncode}')


CASES = [echo_through_cat, exit_status_is_ours, killed_by_a_signal_is_128_and_its_number,
         stdout_and_stderr_stay_apart, script_on_stdin_is_read_by_sh, every_byte_value_survives,
         empty_stdin, stdin_from_a_file, not_found_is_127, not_executable_is_126,
         arguments_arrive_as_they_are, surroundings, nothing_is_a_terminal, files_are_added,
         time_limit_is_124, poweroff_is_0, forced_poweroff_is_0,
         output_before_a_poweroff_is_not_lost,
         a_command_that_ends_does_not_wait_for_stdin, a_reader_that_goes_gives_sigpipe_inside,
         hundred_mebibytes_through_cat, slow_reader_loses_nothing]


# What ends with 125 and one sentence. Only of ./jargoon run itself.

def _refused(world, options, root, *words, command=('true',)):
    result = world.run(*command, options=options, root=root, seconds=30)
    lines = [line for line in result.err.decode().splitlines() if 'importing' not in line]
    if result.status != 125 or len(lines) != 1 or not all(w in lines[0] for w in words):
        raise Failed(f'not one sentence with {words}: {result}')
    if result.seconds > 15:
        raise Failed(f'it took {result.seconds:.1f} s')


def _archive(folder, name, files):
    path = os.path.join(folder, name)
    with tarfile.open(path, 'w:gz') as tar:
        for each, data in files.items():
            info = tarfile.TarInfo(each)
            info.size = len(data)
            info.mode = 0o755
            import io
            tar.addfile(info, io.BytesIO(data))
    return path


def truncated_root(world):
    with tempfile.TemporaryDirectory() as folder:
        path = _archive(folder, 'r.tar.gz', {'bin/x': os.urandom(200000), 'bin/y': b'y'})
        with open(path, 'r+b') as file:
            file.truncate(100000)
        _refused(world, ['--rootfs', path], False)


def corrupt_root(world):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'r.tar')
        with open(path, 'wb') as file:
            file.write(os.urandom(100000))
        _refused(world, ['--rootfs', path], False)


def missing_root(world):
    _refused(world, ['--rootfs', '/none/there.tar'], False, '/none/there.tar')


def root_without_a_shell(world):
    with tempfile.TemporaryDirectory() as folder:
        path = _archive(folder, 'r.tar.gz', {'etc/motd': b'hello\n'})
        _refused(world, ['--rootfs', path], False, 'shell', command=())


def unknown_personality(world):
    _refused(world, ['--personality', 'martian'], True, 'martian')


def too_little_memory(world):
    for megabytes in ('1M', '8M'):
        _refused(world, ['--mem', megabytes], True)


def two_processors(world):
    _refused(world, ['--smp', '2'], True, '--smp')


REFUSALS = [truncated_root, corrupt_root, missing_root, root_without_a_shell, unknown_personality,
            too_little_memory, two_processors]
