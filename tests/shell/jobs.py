"""Job control as a person meets it: ^C ^Z ^S ^D, fg, bg, jobs, kill %1; the same steps for ash and for bash,
at the real terminal and on a pty inside the guest, which BusyBox's `script` stands behind.
"""

import sys

from sessions import (CTRL_C, CTRL_D, CTRL_Z, ESCAPE, Session, line, log_in, prompt, start)
from tap import Failed, Skip
from world import TOP

sys.path.insert(0, str(TOP / 'tools'))

from jargoon import bash  # noqa: E402
from jargoon.errors import Failure  # noqa: E402

CTRL_S, CTRL_Q, CTRL_V, CTRL_BACKSLASH = '\x13', '\x11', '\x16', '\x1c'
STOPPED = r'\[\d\]\+ +Stopped[^\r]*'


def stop(p):
    p.type(CTRL_Z)
    p.expect(STOPPED)
    prompt(p)


def job_steps():
    def stop_and_continue_in_front(p):
        start(p, 'sleep 2')
        stop(p)
        line(p, 'jobs', STOPPED + 'sleep 2')
        p.type('fg\r')
        p.expect(r'^sleep 2\r\n')
        prompt(p)
        line(p, 'echo "<$?>"', r'^<0>')

    def stop_and_continue_behind(p):
        start(p, 'sleep 100')
        stop(p)
        line(p, 'bg', r'^\[1\]\+? +sleep 100[^\r]*')
        line(p, 'jobs', r'^\[1\]\+ +Running +sleep 100[^\r]*')
        line(p, 'kill %1; wait %1 2>/dev/null; echo "<$?>"', r'<143>')

    def two_jobs(p):
        line(p, 'sleep 100 &')
        line(p, 'sleep 200 &')
        line(p, 'jobs | grep -c sleep', r'^2')
        p.type('fg %1\r')
        p.expect(r'^sleep 100[^\r]*\r\n')
        p.quiet(0.5)
        p.type(CTRL_C)
        prompt(p)
        line(p, 'kill %2; wait; jobs')
        line(p, 'echo "<$(jobs | grep -c Running)>"', r'^<0>')

    def a_job_is_stopped_and_continued_by_kill(p):
        line(p, 'sleep 100 &')
        line(p, 'kill -STOP %1; sleep 1; true')
        line(p, 'jobs', r'^\[1\]\+ +Stopped[^\r]*sleep 100[^\r]*')
        line(p, 'kill -CONT %1; sleep 1; cut -d" " -f3 /proc/$!/stat', r'^S')
        line(p, 'kill -9 %1; wait 2>/dev/null; true')

    def a_stopped_pipeline(p):
        # BusyBox's cat uses sendfile, which on Linux locks the pipe while it waits for the terminal.
        start(p, 'while read x; do echo "got $x"; done | cat | cat')
        p.type('one\r')
        p.expect(r'^got one\r\n')
        stop(p)
        p.type('fg\r')
        p.quiet(1)
        p.type('two\r')
        p.expect(r'^got two\r\n')
        p.type(CTRL_D)
        prompt(p)

    def an_interrupted_pipeline(p):
        start(p, 'sleep 100 | cat | sleep 200')
        p.type(CTRL_C)
        prompt(p)
        line(p, 'echo "<$?>"', r'^<130>')

    def reading_behind_stops(p):
        line(p, 'cat &')
        p.quiet(0.5)
        p.type('\r')
        p.expect(r'\[1\]\+ +Stopped[^\r]*cat')
        prompt(p)
        p.type('fg\r')
        p.expect(r'^cat\r\n')
        p.quiet(0.5)
        p.type('mine\r')
        p.expect(r'^mine\r\nmine\r\n')
        p.type(CTRL_D)
        prompt(p)

    def writing_behind_stops_if_asked(p):
        line(p, 'stty tostop')
        line(p, '(sleep 1; echo lo""ud) &')
        p.quiet(1.5)
        p.type('\r')
        p.expect(STOPPED)
        prompt(p)
        p.type('fg\r')
        p.expect(r'^loud\r\n')
        prompt(p)
        line(p, 'stty -tostop')

    def end_of_file(p):
        start(p, 'cat')
        p.type('whole\r')
        p.expect(r'^whole\r\nwhole\r\n')
        p.type('part' + CTRL_D)
        p.expect(r'^partpart')
        p.type('\r')
        p.expect(r'\r\n\r\n')
        p.type(CTRL_D)
        prompt(p)

    def stop_and_start_output(p):
        start(p, 'cat')
        p.type(CTRL_S + 'held\r')
        if p.quiet(0.7):
            raise Failed(f'a stopped terminal showed {p.seen[p.at:]!r}')
        p.type(CTRL_Q)
        p.expect(r'^held\r\nheld\r\n')
        p.type(CTRL_D)
        prompt(p)

    def a_literal_key(p):
        start(p, 'cat | od -c')
        p.type(CTRL_V + CTRL_C + '\r')
        p.quiet(0.3)
        p.type(CTRL_D)
        p.expect(r'003 +\\n')
        prompt(p)

    def a_program_that_catches_stops_later(p):
        start(p, "sh -c 'trap \"echo caught\" INT; sleep 1; sleep 1; echo end'")
        p.type(CTRL_C)
        p.expect(r'caught\r\n')
        p.expect(r'end\r\n')
        prompt(p)

    def a_stopped_editor(p):
        p.type('vi jobs-file\r')
        p.expect(r'~')
        p.quiet(0.5)
        p.type('ikept text' + ESCAPE)
        p.quiet(0.3)
        p.type(CTRL_Z)
        p.expect(STOPPED)
        prompt(p)
        line(p, 'echo between', r'^between')
        p.type('fg\r')
        p.expect(r'kept text')
        p.quiet(0.5)
        p.type(':wq\r')
        prompt(p)
        line(p, 'cat jobs-file', r'^kept text')

    def the_shell_warns_of_stopped_jobs(p):
        start(p, 'sleep 100')
        stop(p)
        p.type('exit\r')
        p.expect(r'stopped jobs')
        prompt(p)
        line(p, 'kill -9 %1; wait 2>/dev/null; true')

    def background_output_does_not_disturb(p):
        line(p, 'for i in 1 2 3; do echo b$i; done & wait', r'^b1\r\nb2\r\nb3')

    def the_shells_group_is_in_front(p):
        line(p, 'set -- $(cut -d" " -f5,8 /proc/self/stat)')
        line(p, 'test $1 = $2 && echo ri""ght', r'^right')

    return [(function.__name__, function) for function in (
        stop_and_continue_in_front, stop_and_continue_behind, two_jobs,
        a_job_is_stopped_and_continued_by_kill, a_stopped_pipeline, an_interrupted_pipeline,
        reading_behind_stops, writing_behind_stops_if_asked, end_of_file,
        stop_and_start_output, a_literal_key, a_program_that_catches_stops_later, a_stopped_editor,
        the_shell_warns_of_stopped_jobs, background_output_does_not_disturb,
        the_shells_group_is_in_front)]


def quit_key(p):
    start(p, 'sleep 100')
    p.type(CTRL_BACKSLASH)
    prompt(p)
    line(p, 'echo "<$?>"', r'^<131>')


def pty_steps():
    """What is only to be seen on a pty: its name, its size, and how it ends."""
    def the_terminal_is_a_pty(p):
        line(p, 'tty', r'^/dev/pts/0')
        line(p, 'echo /dev/pts/*', r'^/dev/pts/0 /dev/pts/ptmx')
        line(p, 'echo to >/dev/tty', r'^to')

    def it_has_the_outer_size(p):
        line(p, 'stty size', r'^24 80')
        line(p, 'stty rows 30 cols 90; stty size', r'^30 90')

    def a_size_is_a_signal(p):
        line(p, "sh -c 'trap \"echo changed\" WINCH; stty rows 31; true'", r'^changed')

    def a_pty_in_a_pty(p):
        p.type("script -q -c 'tty; echo in""ner' /dev/null\r")
        p.expect(r'^/dev/pts/1\r\ninner\r\n')
        prompt(p)
        line(p, 'echo /dev/pts/*', r'^/dev/pts/0 /dev/pts/ptmx')

    def a_master_that_dies_hangs_up(p):
        # Its leader gets SIGHUP, then reads the end of file, and has no terminal any more.
        line(p, "sleep 50 | script -q -c 'trap \"echo hup >>/tmp/h\" HUP; read x || echo end >>/tmp/h; "
                "(read x </dev/tty) || echo none >>/tmp/h' /dev/null >/dev/null 2>&1 &")
        line(p, 'sleep 2; kill -9 $!; sleep 2; sort /tmp/h', r'^end\r\nhup\r\nnone')
        line(p, 'kill %1; wait 2>/dev/null; echo /dev/pts/*', r'^/dev/pts/0 /dev/pts/ptmx')

    def the_end(p):
        p.type('exit 5\r')
        p.quiet(1)
        p.type('\r')
        prompt(p)
        line(p, 'echo /dev/pts/*', r'^/dev/pts/ptmx')
        line(p, 'stty -a | grep -c -- "-icanon"', r'^\d')

    return [(function.__name__, function) for function in (
        the_terminal_is_a_pty, it_has_the_outer_size, a_size_is_a_signal, a_pty_in_a_pty,
        a_master_that_dies_hangs_up, the_end)]


def bash_options():
    try:
        return ['--add', f'{bash.compiled()}:/bin/bash']
    except Failure as why:
        raise Skip(f'there is no bash: {why}') from None


BASH = 'bash --norc --noprofile'


def set_bash(p):
    p.type("bind 'set enable-bracketed-paste off'; bind 'set enable-active-region off'; PS1='@''> '\r")
    prompt(p)


def enter_bash(p):
    log_in(p)
    p.type(BASH + '\r')
    p.expect(r'bash[^\r\n]*[#$] \Z')
    set_bash(p)


def enter_pty(p):
    log_in(p)
    p.type("script -q -c sh /dev/null\r")
    p.quiet(1)
    p.type("PS1='@''> '; tty\r")
    p.expect(r'^/dev/pts/0\r\n')
    prompt(p)


def enter_pty_bash(p):
    log_in(p)
    p.type(f"script -q -c '{BASH}' /dev/null\r")
    p.expect(r'bash[^\r\n]*[#$] \Z')
    set_bash(p)


SESSIONS = {
    'jobs': Session(job_steps, roots=('alpine',)),
    'bash': Session(lambda: job_steps() + [('quit_key', quit_key)], enter_bash, bash_options, ('alpine',)),
    # Alpine's BusyBox has no `script`; what others have ignores SIGQUIT, and so do its children.
    'pty': Session(lambda: job_steps() + pty_steps(), enter_pty, roots=('default',)),
    'pty-bash': Session(lambda: job_steps() + pty_steps(), enter_pty_bash, bash_options, ('default',)),
}
