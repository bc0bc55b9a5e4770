"""A person at the real terminal: keys, editing, signals, sizes, vi; each function is one session.

A session is a list of steps; each step is a case of its own, as (name, function(person)).
"""

import os
import re
import termios

from person import Person
from tap import Failed

PROMPT = '@> '
READY = r'@> (\x1b\[6n)?\Z'
CTRL_A, CTRL_C, CTRL_D, CTRL_U, CTRL_W, CTRL_Z = '\x01', '\x03', '\x04', '\x15', '\x17', '\x1a'
BACKSPACE, UP, DOWN, LEFT, ESCAPE = '\x7f', '\x1b[A', '\x1b[B', '\x1b[D', '\x1b'


def prompt(person, seconds=20):
    """Waits until the shell asks, and nothing comes behind it."""
    person.expect(READY, seconds)


def log_in(person):
    """From the start to our own prompt."""
    person.expect(r'[#$] (\x1b\[6n)?\Z', 40)
    person.type("PS1='@''> '\r")
    prompt(person)


def line(person, keys, wanted=None):
    """Types a line; its output must match `wanted` and a prompt must follow."""
    person.type(keys + '\r')
    if wanted is not None:
        person.expect(wanted + r'\r\n')
    prompt(person)


def start(person, command):
    """Starts a program and lets it come up: the shell edits in another mode than programs read in."""
    person.type(command + '\r')
    person.expect(re.escape(command) + r'\r\n')
    person.quiet(0.7)


class Session:
    """Steps at one terminal: `enter` comes from the start to our prompt, `options` are for the guest."""

    def __init__(self, steps, enter=log_in, options=list, roots=('alpine', 'default')):
        self.steps, self.enter, self.options, self.roots = steps, enter, options, roots


def ash_steps():
    def erase(p):
        line(p, 'echo abX' + BACKSPACE + 'c', r'^abc')

    def kill_line(p):
        line(p, 'echo wrong' + CTRL_U + 'echo right', r'^right')

    def kill_word(p):
        line(p, 'echo one two' + CTRL_W + 'three', r'^one three')

    def edit_in_the_middle(p):
        line(p, 'cho hi' + CTRL_A + 'e', r'^hi')
        line(p, 'echo ac' + LEFT + 'b', r'^abc')

    def history(p):
        line(p, 'echo first', r'^first')
        line(p, 'echo second', r'^second')
        line(p, UP + UP, r'^first')
        line(p, UP + UP + DOWN, r'^first')

    def interrupt_line(p):
        p.type('echo never' + CTRL_C)
        prompt(p)
        line(p, 'echo "<$?>"', r'^<130>')

    def interrupt_program(p):
        start(p, 'sleep 100')
        p.type(CTRL_C)
        prompt(p)
        line(p, 'echo "<$?>"', r'^<130>')

    def interrupt_loop(p):
        p.type('while true; do true; done\r')
        p.quiet(1)
        p.type(CTRL_C)
        prompt(p)

    def interrupt_pipeline(p):
        p.type('yes | cat >/dev/null\r')
        p.quiet(0.7)
        p.type(CTRL_C)
        prompt(p)
        line(p, 'echo alive', r'^alive')

    def end_of_file(p):
        start(p, 'cat')
        p.type('typed\r')
        p.expect(r'^typed\r\ntyped\r\n')
        p.type(CTRL_D)
        prompt(p)

    def canonical_erase(p):
        start(p, 'cat')
        p.type('abX' + BACKSPACE + 'c\r')
        p.expect(r'^abc\r\n')
        p.type('gone' + CTRL_U + 'kept\r')
        p.expect(r'^kept\r\n')
        p.type(CTRL_D)
        prompt(p)

    def quit_key(p):
        start(p, 'sleep 100')
        p.type('\x1c')
        prompt(p)
        line(p, 'echo "<$?>"', r'^<131>')

    def terminal_is_ours(p):
        line(p, 'test -t 0 -a -t 1 -a -t 2 && echo yes', r'^yes')
        line(p, 'tty', r'^/dev/(console|tty\w*)')
        line(p, 'echo to >/dev/tty', r'^to')

    def no_echo(p):
        p.type('read -s x; echo "<$x>"\r')
        p.expect(r'x>"\r\n')
        p.type('secret\r')
        p.expect(r'^<secret>\r\n')
        prompt(p)
        line(p, 'stty -a | grep -c -- -echo', r'^\d')

    def sizes(p):
        line(p, 'stty size', r'^24 80')
        p.resize(40, 100)
        p.quiet(0.5)
        line(p, 'stty size', r'^40 100')

    def size_signal(p):
        p.type("sh -c 'trap \"stty size; exit\" WINCH; echo wait''ing; while :; do sleep 1; done'\r")
        p.expect(r'^waiting\r\n')
        p.quiet(0.5)
        p.resize(30, 90)
        p.expect(r'^30 90\r\n')
        prompt(p)

    def background(p):
        line(p, 'sleep 1 & wait; echo done', r'^done')
        line(p, '(sleep 1; echo behind) &', None)
        p.expect(r'behind\r\n')
        p.type('\r')
        prompt(p)

    def stop_and_go_on(p):
        start(p, 'sleep 3')
        p.type(CTRL_Z)
        p.expect(r'\[1\]\+ +Stopped')
        prompt(p)
        line(p, 'jobs', r'^\[1\]\+ +Stopped +sleep 3')
        p.type('fg\r')
        p.expect(r'^sleep 3\r\n')
        prompt(p)
        line(p, 'echo "<$?>"', r'^<0>')

    def kill_a_job(p):
        line(p, 'sleep 100 &', None)
        line(p, 'kill %1; wait %1; echo "<$?>"', r'<143>')

    def long_output(p):
        line(p, 'seq 1 3000 | tail -n 3000', r'^2999\r\n3000')

    def long_line(p):
        text = 'x' * 300
        line(p, f'echo {text} | wc -c', r'^301')

    def many_small_lines(p):
        for n in range(30):
            line(p, f'echo n{n}', rf'^n{n}')

    def typed_ahead(p):
        p.type('sleep 1\recho ahe""ad\r')
        p.expect(r'^ahead\r\n')
        prompt(p)

    def end_of_the_shell(p):
        p.type('true\r')
        prompt(p)
        p.type(CTRL_D)
        status = p.wait()
        if status != 0:
            raise Failed(f'status {status}')
        if p.modes_now() != p.modes:
            raise Failed('the terminal was not restored')

    return [(function.__name__, function) for function in (
        erase, kill_line, kill_word, edit_in_the_middle, history, interrupt_line, interrupt_program,
        interrupt_loop, interrupt_pipeline, end_of_file, canonical_erase, quit_key,
        terminal_is_ours, no_echo, sizes, size_signal, background, stop_and_go_on, kill_a_job,
        long_output, long_line, many_small_lines, typed_ahead, end_of_the_shell)]


def vi_steps():
    def opens_edits_saves(p):
        p.type('vi f\r')
        p.expect(r'~')
        p.quiet(0.5)
        p.type('iHello, vi' + ESCAPE)
        p.quiet(0.5)
        p.type('oSecond line' + ESCAPE)
        p.quiet(0.5)
        p.type(':wq\r')
        prompt(p)
        line(p, 'cat f', r'^Hello, vi\r\nSecond line')

    def edits_what_is_there(p):
        p.type('vi f\r')
        p.expect(r'Second line')
        p.quiet(0.5)
        p.type('ddp0xiH' + ESCAPE)
        p.quiet(0.5)
        p.type('ZZ')
        prompt(p)
        line(p, 'cat f', r'^Second line\r\nHello, vi')

    def quits_without_saving(p):
        p.type('vi f\r')
        p.expect(r'Second line')
        p.quiet(0.5)
        p.type('dd:q!\r')
        prompt(p)
        line(p, 'wc -l <f', r'^2')

    def draws_the_whole_screen(p):
        line(p, 'seq 1 200 >long', None)
        p.type('vi long\r')
        p.expect(r'\b22\b')
        p.quiet(0.5)
        p.type('G')
        p.expect(r'\b200\b')
        p.quiet(0.3)
        p.type(':q\r')
        prompt(p)

    def terminal_is_sane_afterwards(p):
        start(p, 'cat')
        p.type('abX' + BACKSPACE + 'c\r')
        p.expect(r'^abc\r\n')
        p.type(CTRL_D)
        prompt(p)

    def top_draws_and_quits(p):
        p.type('top -n1\r')
        p.expect(r'Mem: \d+K used')
        p.expect(r'PID +PPID')
        prompt(p)

    def less_pages(p):
        line(p, 'seq 1 200 >long', None)
        p.type('less long\r')
        p.expect(r'K20\r\n')
        p.quiet(0.5)
        p.type('q')
        prompt(p)

    return [(function.__name__, function) for function in (
        opens_edits_saves, edits_what_is_there, quits_without_saving, draws_the_whole_screen,
        terminal_is_sane_afterwards, top_draws_and_quits, less_pages)]


def exit_status(world):
    with Person(world.command()) as p:
        log_in(p)
        p.type('exit 3\r')
        if (status := p.wait()) != 3:
            raise Failed(f'status {status}')
        if p.modes_now() != p.modes:
            raise Failed('the terminal was not restored')


def killed_shell(world):
    with Person(world.command()) as p:
        log_in(p)
        p.type('kill -9 $$\r')
        if (status := p.wait()) != 137:
            raise Failed(f'status {status}')


def poweroff(world):
    with Person(world.command()) as p:
        log_in(p)
        p.type('poweroff\r')
        if (status := p.wait()) != 0:
            raise Failed(f'status {status}')


def leaving_key(world):
    with Person(world.command()) as p:
        log_in(p)
        p.type('\x01x')
        if (status := p.wait()) != 130:
            raise Failed(f'status {status}')
        if p.modes_now() != p.modes:
            raise Failed('the terminal was not restored')


def a_command_on_the_terminal(world):
    with Person(world.command('sh', '-c', 'echo ready; exec cat')) as p:
        p.expect('ready', 40)
        p.quiet(0.7)
        p.type('abX' + BACKSPACE + 'c\r')
        p.expect(r'^abc\r\n', 30)
        p.type(CTRL_D)
        if (status := p.wait()) != 0:
            raise Failed(f'status {status}')


def interrupted_command(world):
    with Person(world.command('sh', '-c', 'echo start; sleep 100')) as p:
        p.expect('start', 40)
        p.quiet(0.5)
        p.type(CTRL_C)
        if (status := p.wait()) != 130:
            raise Failed(f'status {status}')


def stdout_is_a_pipe_and_stdin_the_terminal(world):
    read, write = os.pipe()
    with Person(world.command('sh', '-c', 'test -t 0 && echo in; test -t 1 || echo stream; '
                              'echo ready >&2; read x; echo $x'), stdout=write) as p:
        os.close(write)
        p.expect('ready', 40)
        p.quiet(0.7)
        p.type('typed\r')
        if (status := p.wait()) != 0:
            raise Failed(f'status {status}')
        data = os.read(read, 1000)
        os.close(read)
        if data != b'in\nstream\ntyped\n':
            raise Failed(repr(data))


def terminal_size_from_the_start(world):
    with Person(world.command('stty', 'size'), rows=33, columns=111) as p:
        p.expect(r'33 111\r\n', 40)
        p.wait()


def output_processing(world):
    with Person(world.command('printf', r'a\nb\n')) as p:
        p.expect(r'a\r\nb\r\n', 40)
        p.wait()


def local_modes_come_back_when_it_is_killed(world):
    with Person(world.command()) as p:
        log_in(p)
        p.process.terminate()
        p.wait()
        now, then = p.modes_now(), p.modes
        if now[3] != then[3] or now[0] != then[0]:
            raise Failed(f'{now} is not {then}')
        if not now[3] & termios.ECHO:
            raise Failed('no echo')


def prompt_with_32_megabytes(world):
    with Person(world.command(options=['--mem', '32M'])) as p:
        log_in(p)
        line(p, 'ls -l / | grep -c bin', r'^2')
        line(p, 'ls -l / | tail -n 1', r' var')
        p.type('exit\r')
        if (status := p.wait()) != 0:
            raise Failed(f'status {status}')


SESSIONS = {'ash': Session(ash_steps), 'vi': Session(vi_steps)}
CASES = [exit_status, killed_shell, poweroff, leaving_key, a_command_on_the_terminal,
         interrupted_command, stdout_is_a_pipe_and_stdin_the_terminal, terminal_size_from_the_start,
         output_processing, prompt_with_32_megabytes, local_modes_come_back_when_it_is_killed]
