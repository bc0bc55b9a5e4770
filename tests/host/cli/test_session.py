"""A session with a QEMU of paper: statuses, streams byte by byte, readers that go, the terminal."""

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time

from support import Scratch, session

TIOCGPTN = 0x80045430  # os.ptsname came with Python 3.13


class Statuses(Scratch):
    def ends(self, mode, status, *words, more=()):
        began = time.monotonic()
        process = session(mode, stdin=subprocess.DEVNULL, more=more)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, status, err)
        for word in words:
            self.assertIn(word, err.decode())
        self.assertLessEqual(err.count(b"\n"), 1, err)
        return out, err, time.monotonic() - began

    def test_exit_status_and_separate_streams_without_log(self):
        out, err, _ = self.ends("split", 7)
        self.assertEqual((out, err), (b"to stdout", b"to stderr"))

    def test_verbose_shows_the_log(self):
        process = session("split", more=["--verbose"])
        out, err = process.communicate(timeout=30)
        self.assertEqual(out, b"to stdout")
        for line in (b"a line of a server\n", b"a line of the kernel\n", b"half a line\n"):
            self.assertIn(line, err)

    def test_panic(self):
        self.ends("panic", 125, "PANIC: page table on fire")

    def test_no_status(self):
        self.ends("silent", 125, "ended without a status")

    def test_qemu_killed(self):
        self.ends("killed", 125, "killed by signal 9")

    def test_qemu_refuses(self):
        self.ends("broken", 125, "no such option")

    def test_failure_of_a_server(self):
        self.ends("fail", 125, "the root has no shell")

    def test_timeout(self):
        _, _, took = self.ends("hang", 124, "time limit", more=["--timeout", "0.5"])
        self.assertLess(took, 5)


class Streams(Scratch):
    def test_megabytes_arrive_whole(self):
        data = os.urandom(1 << 20) * 20
        process = session("cat")
        out, err = process.communicate(data, timeout=60)
        self.assertEqual((process.returncode, err), (0, b""))
        self.assertTrue(out == data)

    def test_files(self):
        data = os.urandom(300_001)
        with open(self.write("in", data), "rb") as source, open(self.path("out"), "wb") as sink:
            self.assertEqual(session("cat", stdin=source, stdout=sink).wait(30), 0)
        with open(self.path("out"), "rb") as file:
            self.assertTrue(file.read() == data)

    def test_open_stdin_is_not_waited_for(self):
        process = session("early")
        self.assertEqual(process.wait(10), 3)
        process.communicate()

    def test_what_was_written_before_the_end_arrives_at_a_slow_reader(self):
        process = session("burst", stdin=subprocess.DEVNULL)
        time.sleep(1)
        out = process.communicate(timeout=30)[0]
        self.assertTrue(out == bytes(range(256)) * 4096 * 8)

    def test_reader_that_goes_is_seen_inside(self):
        process = session("flood", stdin=subprocess.DEVNULL)
        process.stdout.read(10000)
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"saw EPIPE")
        self.assertEqual(process.wait(10), 141)
        process.stderr.close()

    def test_closed_descriptors(self):
        for closing in ("<&-", ">&-", "2>&-"):
            process = subprocess.run(
                ["sh", "-c", f'exec "$@" {closing}', "sh", *session_words("early")],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=session_env(), timeout=30)
            self.assertEqual(process.returncode, 3, closing)

    def test_flags_of_the_users_pipe_stay(self):
        reader, writer = os.pipe()
        process = session("burst", stdin=subprocess.DEVNULL, stdout=writer)
        time.sleep(0.5)
        self.assertFalse(fcntl.fcntl(writer, fcntl.F_GETFL) & os.O_NONBLOCK)
        os.close(writer)
        with os.fdopen(reader, "rb") as file:
            self.assertEqual(len(file.read()), 8 << 20)
        process.communicate()

    def test_qemu_dies_with_us(self):
        process = session("hang", stdin=subprocess.DEVNULL)
        pid = int(process.stdout.readline().split()[1])
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.assert_gone(pid)

    def test_signal_ends_with_that_signal_and_takes_qemu_along(self):
        process = session("hang", stdin=subprocess.DEVNULL)
        pid = int(process.stdout.readline().split()[1])
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
        self.assertEqual(process.returncode, -signal.SIGTERM)
        self.assert_gone(pid)

    def assert_gone(self, pid):
        limit = time.monotonic() + 5
        while time.monotonic() < limit:
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                    if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                        return
            except OSError:
                return
            time.sleep(0.05)
        self.fail(f"process {pid} still runs")


def session_words(mode):
    return [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "driver.py"), mode]


def session_env():
    here = os.path.dirname(os.path.abspath(__file__))
    return {**os.environ, "JARGOON_QEMU": os.path.join(here, "fake_qemu.py")}


class OnATerminal(Scratch):
    """The session as the foreground job of a terminal that is ours."""

    def start(self, mode, rows=24, columns=80):
        pid, self.master = pty.fork()
        if pid == 0:
            os.execve(session_words(mode)[0], session_words(mode), session_env())
        self.pid = pid
        number = fcntl.ioctl(self.master, TIOCGPTN, bytes(4))
        self.slave = f"/dev/pts/{int.from_bytes(number, sys.byteorder)}"
        self.addCleanup(os.close, self.master)
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.master)
        self.seen = b""

    def resize(self, rows, columns):
        termios.tcsetwinsize(self.master, (rows, columns))

    def expect(self, text, seconds=10):
        limit = time.monotonic() + seconds
        while text not in self.seen:
            left = limit - time.monotonic()
            self.assertGreater(left, 0, f"{text} did not come: {self.seen}")
            if select.select([self.master], [], [], left)[0]:
                try:
                    self.seen += os.read(self.master, 4096)
                except OSError:
                    self.fail(f"the terminal was closed before {text}: {self.seen}")

    def type(self, data):
        os.write(self.master, data)

    def status(self):
        limit = time.monotonic() + 10
        while time.monotonic() < limit:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            if select.select([self.master], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self.master, 4096)
                except OSError:
                    time.sleep(0.05)
        self.fail("it did not end")

    def test_keys_pass_and_the_terminal_comes_back(self):
        self.start("terminal")
        self.expect(b"ready\r\n")
        self.wait_raw()
        self.type(b"a")
        self.expect(b"[a]")
        self.type(b"\x03")
        self.expect(b"[\x03]")
        after = self.modes_at_end(b"q", 5)
        self.assertEqual(after[:4], self.before[:4])

    def modes_at_end(self, key, status):
        """Types the last key; the modes are those of the terminal when the process has ended."""
        slave = os.open(self.slave, os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, slave)
        self.type(key)
        self.assertEqual(self.status(), status)
        return termios.tcgetattr(slave)

    def wait_raw(self):
        limit = time.monotonic() + 5
        while termios.tcgetattr(self.master)[3] & termios.ICANON:
            self.assertLess(time.monotonic(), limit, "the terminal did not become raw")
            time.sleep(0.02)

    def test_leave_key(self):
        self.start("terminal")
        self.expect(b"ready")
        self.wait_raw()
        after = self.modes_at_end(b"\x01x", 130)
        self.assertEqual(after[:4], self.before[:4])

    def test_prefix_key_itself(self):
        self.start("terminal")
        self.expect(b"ready")
        self.wait_raw()
        self.type(b"\x01a")
        self.expect(b"[\x01]")
        self.type(b"\x01b")
        self.expect(b"[\x01b]")
        self.type(b"\x01")
        self.expect(b"b][\x01]")  # alone, after a second
        self.type(b"q")
        self.assertEqual(self.status(), 5)

    def test_window_size_travels(self):
        self.start("terminal")
        self.expect(b"ready")
        self.wait_raw()
        self.resize(40, 132)
        self.expect(b"<winsize 40 132>")
        self.type(b"q")
        self.assertEqual(self.status(), 5)

    def test_signal_restores(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            self.start("terminal")
            self.expect(b"ready")
            self.wait_raw()
            slave = os.open(self.slave, os.O_RDWR | os.O_NOCTTY)
            os.kill(self.pid, number)
            self.assertEqual(self.status(), -number)
            self.assertEqual(termios.tcgetattr(slave)[:4], self.before[:4])
            os.close(slave)

    def test_background_leaves_the_terminal_alone_until_foreground(self):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            self.be_a_shell()
        self.addCleanup(os.close, self.master)
        self.seen = b""
        self.expect(b"ready")
        self.expect(b"cooked in background: yes")
        self.expect(b"raw in foreground: yes")
        self.type(b"q")
        self.expect(b"cooked at the end: yes")
        self.expect(b"status 5")
        self.assertEqual(self.status(), 0)

    @staticmethod
    def be_a_shell():
        def say(text):
            os.write(1, text.encode() + b"\r\n")

        def cooked():
            return bool(termios.tcgetattr(0)[3] & termios.ICANON)
        try:
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            pid = os.fork()
            if pid == 0:
                signal.signal(signal.SIGTTOU, signal.SIG_DFL)
                os.setpgid(0, 0)
                os.execve(session_words("terminal")[0], session_words("terminal"), session_env())
            try:
                os.setpgid(pid, pid)
            except OSError:
                pass
            time.sleep(1.5)
            say("cooked in background: " + ("yes" if cooked() else "no"))
            os.tcsetpgrp(0, pid)
            time.sleep(1)
            say("raw in foreground: " + ("no" if cooked() else "yes"))
            _, status = os.waitpid(pid, 0)
            os.tcsetpgrp(0, os.getpgrp())
            say("cooked at the end: " + ("yes" if cooked() else "no"))
            say(f"status {os.waitstatus_to_exitcode(status)}")
        finally:
            os._exit(0)
