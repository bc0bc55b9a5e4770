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


def faults_by_number_descriptor_and_path(world):
    result, lines = guest(world, '''
        printf 'a\\nb\\n' >/tmp/f
        with-personality 'fault,o=/tmp/r,read=EIO@1&fd=0' head -1 </tmp/f 2>&1; echo $?
        with-personality 'fault,o=/tmp/r,open=EACCES&path=/tmp/f' cat /tmp/f 2>&1; echo $?
        with-personality 'fault,o=/tmp/r,open=EACCES&path=/tmp/f' cat /etc/alpine-release; echo $?
        with-personality 'fault,write=ENOSPC@2+' sh -c 'echo 1; echo 2; echo 3 || exit 9' 2>/tmp/e; echo $?
        grep -c 'fault: .*: write number [23] ENOSPC' /tmp/e''')
    want(lines == ['head: standard input: I/O error', '1', "cat: can't open '/tmp/f': Permission denied", '1',
                   '3.20.3', '0', '1', '9', '2'], result)


def signals_delays_and_short_counts(world):
    result, lines = guest(world, '''
        with-personality fault,o=/tmp/r,getppid=SIGTERM sh -c 'echo no'; echo $?
        with-personality fault,o=/tmp/r,write=SIGUSR1@1 sh -c 'trap "echo usr1" USR1; echo one; echo two'
        with-personality fault,o=/tmp/r,write=delay300@1 date +%s%N >/tmp/a; [ -s /tmp/a ] && echo late
        echo 0123456789 | with-personality fault,o=/tmp/r,read=short3 cat
        echo 0123456789 | with-personality trace,filter=read,o=/tmp/t:fault,o=/tmp/r,read=short3 dd bs=8 count=1 2>/dev/null
        echo; grep -c 'read(0, "012", 8) = 3' /tmp/t''')
    want(lines[0] == '143' and sorted(lines[1:4]) == ['one', 'two', 'usr1'] and
         lines[4:] == ['late', '0123456789', '012', '1'], result)


def one_seed_gives_one_run(world):
    result, lines = guest(world, '''
        for seed in 7 7 8; do
            with-personality fault,o=/tmp/r,stat=ENOENT@30%,seed=$seed sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24; do
                [ -e /etc/passwd ] && echo -n 1 || echo -n 0; done; echo'
        done''')
    want(len(lines) == 3 and lines[0] == lines[1] != lines[2] and '0' in lines[0] and '1' in lines[0], result)


def programs_report_what_was_injected(world):
    result, lines = guest(world, '''
        mkdir /tmp/d; for i in 1 2 3 4; do echo $i >/tmp/d/$i; done
        for what in open=EACCES@1 sendfile=EIO@2,read=EIO sendfile=EINVAL,write=ENOSPC@1; do
            with-personality "fault,o=/tmp/r,$what" cp /tmp/d/1 /tmp/d/2 /tmp/d/3 /tmp 2>/tmp/e; echo "cp $? $(wc -l </tmp/e)"
        done
        for what in 'open=EIO&path=2' write=ENOSPC@1 'lstat=EACCES&path=3'; do
            with-personality "fault,o=/tmp/r,$what" tar cf /tmp/o.tar -C /tmp d 2>/tmp/e; echo "tar $? $(wc -l </tmp/e)"
        done''')
    want(len(lines) == 6 and all(re.fullmatch(r'(cp|tar) [1-9]\d* [1-9]', line) for line in lines), result)


def wrong_rules_are_told(world):
    for options, sentence in (('fault', b'which call?'), ('fault,raed=EIO', b'"raed"'), ('fault,read=EOI', b'"EOI"'),
                              ('fault,read=EIO@x', b'"x"'), ('fault,open=short3', b'no count')):
        result = world.run('true', options=['--personality', options]).check(125, b'')
        want(sentence in result.err, result)


def a_sandbox_denies_what_no_line_allows(world):
    result, lines = guest(world, '''
        cat >/tmp/policy <<-end
\t# a reader of files
\tallow desc memory signal process
\tallow file getuid arch_prctl set_tid_address
\tdeny EROFS mkdir unlink  # no changes
\tend
        with-personality sandbox,policy=/tmp/policy cat /etc/alpine-release
        with-personality sandbox,policy=/tmp/policy,o=/tmp/r mkdir /tmp/new 2>&1
        with-personality sandbox,policy=/tmp/policy,o=/tmp/r2 hostname new 2>&1; cat /tmp/r2
        echo 'kill mkdir' >>/tmp/policy
        with-personality sandbox,policy=/tmp/policy mkdir /tmp/new 2>/tmp/e; echo $?; cat /tmp/e
        with-personality sandbox true; with-personality sandbox,policy=/none true; echo 'alow read' >/tmp/policy
        with-personality sandbox,policy=/tmp/policy true; echo $?'''.replace('\\t', '\t'))
    want(lines[:2] == ['3.20.3', "mkdir: can't create directory '/tmp/new': Read-only file system"], result)
    want(any(re.fullmatch(r'sandbox: \d+: uname: EPERM', line) for line in lines), result)
    want('137' in lines and any(line.endswith('mkdir: killed') for line in lines) and lines[-1] == '125', result)
    for sentence in (b'policy=FILE', b'"/none" cannot be read', b'/tmp/policy:1: "alow"'):
        want(sentence in result.err, result)


CASES = [a_stack_on_the_command_line, the_base_may_be_left_out, unknown_names_list_what_there_is,
         bad_options_are_told, three_can_stand_above_linux, each_level_sees_the_one_above_pass, in_a_pipeline,
         status_and_signals_are_passed_on, others_are_left_alone, processes_are_followed,
         filters_show_what_they_name, interrupted_calls_and_handlers, the_list_of_personalities, only_root_may,
         levels_end_with_their_last_program, a_level_that_dies_takes_its_tree_and_nothing_else,
         the_death_of_the_commands_own_level, faults_by_number_descriptor_and_path,
         signals_delays_and_short_counts, one_seed_gives_one_run, programs_report_what_was_injected,
         wrong_rules_are_told, a_sandbox_denies_what_no_line_allows]


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
