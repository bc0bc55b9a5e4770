"""apt's sources, the escape key, verdicts, the command's own words, BusyBox's configuration."""

import hashlib
import http.server
import os
import subprocess
import sys
import threading

from support import TOOLS, Scratch

from jargoon import accel, alpine, aptsources, defaultroot, qemu, terminal, verdict
from jargoon.errors import Failure
from jargoon.guestlog import LIMIT, Log

DEB822 = """\
# a comment
Types: deb
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://deb.nodesource.com/node_20.x
Suites: nodistro
Components: main

Enabled: no
Types: deb
URIs: http://deb.debian.org/debian
Suites: trixie
Components: main
"""
ONE_LINE = """\
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main non-free # note
# deb http://mirror.example/debian trixie main
deb https://packages.cloud.google.com/apt cloud-sdk-bookworm main
deb http://security.debian.org/debian-security bookworm-security main
"""


class AptSources(Scratch):
    def test_deb822(self):
        key = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
        self.assertEqual(aptsources.parse_deb822(DEB822), [
            f"deb-src {key}http://deb.debian.org/debian bookworm main",
            f"deb-src {key}http://deb.debian.org/debian bookworm-updates main"])

    def test_one_line(self):
        self.assertEqual(aptsources.parse_one_line(ONE_LINE), [
            "deb-src [signed-by=/k.gpg] http://mirror.example/debian bookworm main",
            "deb-src http://security.debian.org/debian-security bookworm-security main"])

    def test_files_of_both_kinds(self):
        os.makedirs(self.path("apt/sources.list.d"))
        self.write("apt/sources.list", ONE_LINE.encode())
        self.write("apt/sources.list.d/debian.sources", DEB822.encode())
        self.write("apt/sources.list.d/old.sources.save", DEB822.encode())
        self.assertEqual(len(aptsources.entries(self.path("apt"))), 4)


class Keys(Scratch):
    def keys(self, *pieces):
        left = []
        keys = terminal.EscapeKeys(lambda: left.append(True))
        return b"".join(keys.pass_on(piece) for piece in pieces), bool(left), keys

    def test_passing(self):
        self.assertEqual(self.keys(b"plain")[:2], (b"plain", False))
        self.assertEqual(self.keys(b"a\x01", b"b")[:2], (b"a\x01b", False))
        self.assertEqual(self.keys(b"\x01a\x01\x01")[:2], (b"\x01\x01", False))
        self.assertEqual(self.keys(b"a\x01xb")[:2], (b"a", True))
        self.assertEqual(self.keys(b"\x01", b"x")[:2], (b"", True))

    def test_expiry(self):
        _, _, keys = self.keys(b"\x01")
        self.assertEqual((keys.expire(), keys.expire()), (b"\x01", b""))


class Verdicts(Scratch):
    def verdict(self, said, qemu_status=0, errors="", log=b""):
        result, kept = verdict.Verdict(), Log()
        for piece in said:
            result.feed(piece)
        kept.take("debug", log)
        return result.result(qemu_status, errors, kept)

    def test_pieces(self):
        self.assertEqual(self.verdict([b"rea", b"dy\nex", b"it 3", b"\n"]), (3, None))

    def test_failures(self):
        for said, qemu_status, words in (
                ([b"exit 3\n"], 33, "panicked"), ([b"fail no vfsd\nexit 1\n"], 0, "no vfsd"),
                ([], 0, "without a status"), ([b"exit 256\n"], 0, "without a status"),
                ([b"exit 3"], 0, "without a status"), ([], -9, "signal 9"), ([], 1, "status 1")):
            status, sentence = self.verdict(said, qemu_status)
            self.assertEqual(status, 125)
            self.assertIn(words, sentence)

    def test_no_control_characters_from_the_guest(self):
        self.assertEqual(self.verdict([b"fail a\x1b[2Jb\n"])[1], "a?[2Jb")


class Logs(Scratch):
    def test_bounded(self):
        log = Log()
        for number in range(100):
            log.take("debug", b"%06d" % number * 10000 + b"\n")
        self.assertLessEqual(len(log.text), 2 * LIMIT)
        self.assertIn(b"000099", log.text)


    def test_lines_that_come_both_ways_are_kept_once(self):
        log = Log()
        log.take("debug", b"a\nb\na\n")
        log.take("log", b"a\nb\nc\na\na\n")
        log.take("debug", b"c\nb\n")
        self.assertEqual(bytes(log.text), b"a\nb\na\nc\na\nb\n")


class Qemu(Scratch):
    def test_command_line(self):
        os.environ["JARGOON_QEMU"] = "/q"
        words = qemu.command(qemu.Options("k", "i", memory=40 << 20), {"stdin": "socket,fd=9"})
        line = " ".join(words)
        for part in ("-kernel k -initrd i", "-m 40960k", "-display none", "isa-debug-exit,iobase=0xf4",
                     "socket,id=stdin,fd=9", "null,id=stdout", "nr=4,chardev=control,name=jargoon.control"):
            self.assertIn(part, line)
        self.assertNotIn("icount", line)
        self.assertIn("sleep=off", " ".join(qemu.command(qemu.Options("k", None, icount=True), {})))

    def test_probe_kernel_runs(self):
        try:
            qemu.binary()
        except Failure:
            self.skipTest("QEMU is not installed")
        self.assertTrue(accel.probe("tcg"))


class Command(Scratch):
    def run_it(self, *words):
        return subprocess.run([sys.executable, os.path.join(TOOLS, "jargoon"), *words], timeout=30,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_help_and_version(self):
        for words in (["--help"], ["run", "--help"], ["setup", "--help"], ["build", "--help"],
                      ["--version"]):
            done = self.run_it(*words)
            self.assertEqual((done.returncode, done.stderr), (0, b""), words)
            self.assertIn(b"jargoon", done.stdout)

    def test_bad_usage_is_125_with_a_sentence(self):
        for words in ([], ["nonsense"], ["run", "--nonsense"], ["run", "--smp", "2"],
                      ["run", "--mem", "none"], ["run", "--timeout", "0"], ["--nonsense"],
                      ["run", "--add", "/no/such/file"], ["run", "--personality", "../x"]):
            done = self.run_it(*words)
            self.assertEqual(done.returncode, 125, words)
            self.assertNotIn(b"Traceback", done.stderr)
            self.assertTrue(done.stderr, words)


class Busybox(Scratch):
    def test_changes_replace_lines(self):
        text = "# CONFIG_PIE is not set\nCONFIG_TC=y\nCONFIG_A=y\n"
        changed = defaultroot.changed_config(text, "# why\nCONFIG_PIE=y\n# CONFIG_TC is not set\n")
        self.assertEqual(changed, "CONFIG_A=y\nCONFIG_PIE=y\n# CONFIG_TC is not set\n")


class Alpine(Scratch):
    """Against a server of ours, whose file stands for the official one."""

    CONTENT = b"not really Alpine"

    def setUp(self):
        super().setUp()
        content = self.CONTENT

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path == "/base/" + alpine.NAME else 404)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_port}/base/"
        os.environ.pop("JARGOON_ALPINE", None)
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            os.environ.pop(name, None)
        os.environ["JARGOON_ALPINE_URL"] = self.url
        self.pinned, alpine.SHA256 = alpine.SHA256, hashlib.sha256(content).hexdigest()
        self.addCleanup(lambda: setattr(alpine, "SHA256", self.pinned))

    def test_downloaded_once(self):
        path = alpine.archive()
        with open(path, "rb") as file:
            self.assertEqual(file.read(), self.CONTENT)
        os.environ["JARGOON_ALPINE_URL"] = "http://127.0.0.1:1/"
        self.assertEqual(alpine.archive(), path)

    def test_given(self):
        os.environ["JARGOON_ALPINE"] = self.write("mine.tar.gz", self.CONTENT)
        self.assertEqual(alpine.archive(), self.path("mine.tar.gz"))

    def refused(self, *words):
        with self.assertRaises(Failure) as caught:
            alpine.archive()
        for word in words:
            self.assertIn(word, caught.exception.sentence)

    def test_wrong_contents(self):
        alpine.SHA256 = self.pinned
        self.refused("not the official", self.pinned)
        os.environ["JARGOON_ALPINE"] = self.write("mine.tar.gz", b"other")
        self.refused("mine.tar.gz", self.pinned)

    def test_no_network_says_which_file_and_where(self):
        os.environ["JARGOON_ALPINE_URL"] = "http://127.0.0.1:1/"
        self.refused(alpine.NAME, alpine.SHA256, "JARGOON_ALPINE", self.folder)

    def test_missing_there(self):
        os.environ["JARGOON_ALPINE_URL"] = self.url + "elsewhere"
        self.refused("404", alpine.SHA256)
