"""Personalities above Linux: stacks, with-personality, trace, and levels that die.

    run.py [--on jargoon] [--list] [NAME...]
"""

import argparse
import fnmatch
import os
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'lib')]

import tap  # noqa: E402
from tap import Failed  # noqa: E402
from world import World, paths  # noqa: E402

FALTERING = paths.built('tests/personalities/faltering')


def want(condition, result):
    if not condition:
        raise Failed(repr(result))


def guest(world, script, options=()):
    """Runs a script with sh; returns its stdout's lines."""
    result = world.run('sh', '-c', script, options=options)
    return result, result.out.decode(errors='replace').splitlines()


def a_stack_on_the_command_line(world):
    result = world.run('echo', 'hello', options=['--personality', 'trace:linux'])
    result.check(0, b'hello\n')
    lines = result.err.decode().splitlines()
    for line in ('execve("/bin/echo", ["echo", "hello"], ', 'write(1, "hello\\n", 6) = 6',
                 'exit_group(0) = ?', '+++ exited with 0 +++'):
        want(any(line in found for found in lines), result)


def the_base_may_be_left_out(world):
    world.run('sh', '-c', 'exit 7', options=['--personality', 'trace,o=/tmp/t']).check(7, b'', b'')


def unknown_names_list_what_there_is(world):
    for spec, there in (('tarce:linux', b'trace'), ('trace:minix', b'linux, template')):
        result = world.run('true', options=['--personality', spec]).check(125, b'')
        want(there in result.err and b'there is no personality' in result.err, result)


def bad_options_are_told(world):
    result = world.run('true', options=['--personality', 'trace,colour=red']).check(125, b'')
    want(b'trace has no option "colour"' in result.err, result)
    result = world.run('true', options=['--personality', 'trace,filter=opem']).check(125, b'')
    want(b'"opem" is no system call' in result.err, result)
    result = world.run('true', options=['--personality', 'trace,o=/none/file']).check(125, b'')
    want(b'/none/file' in result.err, result)


def three_can_stand_above_linux(world):
    world.run('true', options=['--personality', ':'.join(['trace,o=/tmp/t'] * 3)]).check(0, b'', b'')
    result = world.run('true', options=['--personality', ':'.join(['trace,o=/tmp/t'] * 4)])
    want(result.status == 125 and b'at most 3' in result.err, result)
    result, lines = guest(world, 'with-personality trace:trace,o=/tmp/1 '
                                 'with-personality trace:trace,o=/tmp/2 true 2>&1; echo $?')
    want(lines[-1] == '125', result)


def each_level_sees_the_one_above_pass(world):
    result, lines = guest(world, 'with-personality trace,o=/tmp/up:trace,o=/tmp/down sh -c "ls / | wc -l"; '
                                 'for f in up down; do grep -c "getdents64(" /tmp/$f; done')
    want(result.status == 0 and lines[1] == lines[2] != '0', result)


def in_a_pipeline(world):
    result, lines = guest(world, 'ls / | wc -l; with-personality trace ls / 2>/dev/null | wc -l; '
                                 'with-personality trace -- sh -c "ls / | wc -l" 2>/dev/null; '
                                 'echo in | with-personality trace cat 2>/dev/null | cat')
    want(lines[0] == lines[1] == lines[2] and lines[3] == 'in', result)


def status_and_signals_are_passed_on(world):
    result, lines = guest(world, '''
        w() { with-personality trace "$@" 2>/dev/null; echo $?; }
        w sh -c "exit 7"; w true; w false; w sh -c 'kill -9 $$'; w no-such-command
        w sh -c 'kill -TERM $PPID; sleep 5'
        with-personality trace sh -c "trap 'echo usr1; exit 3' USR1; while :; do sleep 0.05; done" 2>/dev/null &
        sleep 0.5; kill -USR1 $!; wait $!; echo $?''')
    want(lines == ['7', '0', '1', '137', '127', '143', 'usr1', '3'], result)


def others_are_left_alone(world):
    result, lines = guest(world, '''(sleep 0.3; ls /etc >/dev/null) &
        with-personality trace,o=/tmp/t sleep 0.6; wait
        grep -c nanosleep /tmp/t; grep -c /etc /tmp/t; ls -a /tmp | grep -c with-personality''')
    want(lines == ['1', '0', '0'], result)


def processes_are_followed(world):
    result, lines = guest(world, '''with-personality trace,o=/tmp/t sh -c 'echo one | cat >/dev/null; (exit 4)'
        grep -c "fork() = [1-9]" /tmp/t; grep -c '"/bin/cat"' /tmp/t
        grep -c "exited with 4" /tmp/t; grep -c "^.pid" /tmp/t''')
    want(result.status == 0 and lines[0] >= '2' and lines[1] != '0' and lines[2] == '1' and
         int(lines[3]) > 20, result)


def filters_show_what_they_name(world):
    result, lines = guest(world, '''with-personality trace,o=/tmp/t,filter=write+exit_group echo hi
        cat /tmp/t; with-personality trace,o=/tmp/t,filter=!file ls / >/dev/null; grep -c stat /tmp/t''')
    want(lines == ['hi', 'write(1, "hi\\n", 3) = 3', 'exit_group(0) = ?', '+++ exited with 0 +++', '0'],
         result)


def interrupted_calls_and_handlers(world):
    result, lines = guest(world, '''with-personality trace,o=/tmp/t sh -c 'trap "echo got" TERM; sleep 0.2 & wait; kill $$; :'
        grep -- "--- SIG" /tmp/t; grep -c "rt_sigreturn" /tmp/t; grep -c "ERESTARTSYS" /tmp/t''')
    want(any(re.search(r'--- SIGTERM \{si_signo=SIGTERM, si_code=SI_USER, si_pid=\d+, si_uid=0\} ---',
                       line) for line in lines), result)
    want(any('--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=' in line for line in lines), result)


def the_list_of_personalities(world):
    result, lines = guest(world, 'with-personality --list; with-personality trace,o=/tmp/t cat /proc/personalities')
    want('base: linux' in lines and any(line.startswith('levels: ') and 'trace' in line for line in lines)
         and 'running: trace in stack 1' in lines, result)
    result, lines = guest(world, 'with-personality nobody true; echo $?; cat /proc/personalities')
    want(lines[0] == '125' and b'nobody' in result.err, result)
    want(not any(line.startswith('running') for line in lines), result)


def only_root_may(world):
    result, lines = guest(world, 'su nobody -s /bin/sh -c "with-personality trace true"; echo $?')
    want(lines[-1] == '125' and b'only root' in result.err, result)


def levels_end_with_their_last_program(world):
    result, lines = guest(world, '''for i in $(seq 40); do with-personality trace:trace true 2>/dev/null; done
        sleep 0.1; grep -c running /proc/personalities''')
    want(lines == ['0'], result)


def a_level_that_dies_takes_its_tree_and_nothing_else(world):
    result, lines = guest(world, '''sleep 1000 & rest=$!
        with-personality faltering,after=60 sh -c "sleep 1000 & echo first; while :; do ls / >/dev/null; done" 2>/dev/null
        echo $?; pidof sleep | wc -w; kill $rest; with-personality faltering true; echo again $?''',
                          ['--personality', FALTERING + ':linux'])
    want(lines == ['first', '137', '1', 'again 0'], result)
    want(b'faltering ended' in result.err and b'what ran under it is ended' in result.err, result)


def the_death_of_the_commands_own_level(world):
    result = world.run('sh', '-c', 'while :; do ls / >/dev/null; done',
                       options=['--personality', FALTERING + ',after=100:linux'])
    want(result.status == 137 and b'faltering ended' in result.err, result)


CASES = [a_stack_on_the_command_line, the_base_may_be_left_out, unknown_names_list_what_there_is,
         bad_options_are_told, three_can_stand_above_linux, each_level_sees_the_one_above_pass, in_a_pipeline,
         status_and_signals_are_passed_on, others_are_left_alone, processes_are_followed,
         filters_show_what_they_name, interrupted_calls_and_handlers, the_list_of_personalities, only_root_may,
         levels_end_with_their_last_program, a_level_that_dies_takes_its_tree_and_nothing_else,
         the_death_of_the_commands_own_level]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--on', default='jargoon', choices=('jargoon',))
    parser.add_argument('--list', action='store_true')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()
    chosen = [case for case in CASES if not options.names or
              any(fnmatch.fnmatch(f'personalities.{case.__name__}', name) or name == 'personalities'
                  for name in options.names)]
    if options.list:
        print(''.join(f'personalities.{case.__name__}\n' for case in chosen), end='')
        return
    world = World(options.on, 'alpine')
    try:
        world.available()
    except tap.Skip as why:
        tap.skip_all(why)
    os.environ.setdefault('JARGOON_BUILD', paths.build_dir())
    out = tap.Tap()
    for case in chosen:
        out.case(f'personalities.{case.__name__}', case, world)
    out.done()


if __name__ == '__main__':
    main()
