"""The formats that leave the host: boot image, root image, configuration, additions."""

import os
import stat
import struct

from support import Scratch, contents, tar

import tarfile

from jargoon import bootimage, guestconfig, rootimage, roots, run
from jargoon.errors import Failure
from jargoon.roottree import Node, Tree


class BootImage(Scratch):
    def image(self, sections):
        fd, size = bootimage.in_memory(sections)
        with os.fdopen(fd, "rb") as file:
            file.seek(0)
            data = file.read()
        self.assertEqual(len(data), size)
        return data

    def test_sections_are_page_aligned_and_found(self):
        path = self.write("part", b"p" * 5000)
        data = self.image({"bin/init": path, "config": b"abc", "empty": b""})
        magic, count, header = struct.unpack_from("<8sII", data)
        self.assertEqual((magic, count, header), (b"JGBOOT1\0", 3, 4096))
        found = {}
        for index in range(count):
            name, offset, size, zero = struct.unpack_from("<40sQQQ", data, 16 + 64 * index)
            self.assertEqual((offset % 4096, zero), (0, 0))
            found[name.rstrip(b"\0")] = data[offset:offset + size]
        self.assertEqual(found, {b"bin/init": b"p" * 5000, b"config": b"abc", b"empty": b""})
        self.assertEqual(len(data), 4096 + 8192 + 4096)

    def test_limits(self):
        for sections in ({f"s{n}": b"" for n in range(64)}, {"n" * 41: b""}, {"x": "/no/such/file"}):
            with self.assertRaises(Failure):
                bootimage.in_memory(sections)


class RootImage(Scratch):
    def test_layout(self):
        tree = Tree()
        tree.add(b"b/file", Node(stat.S_IFREG | 0o640, 1, 2, 3_000_000_004, 5, b"hello"))
        tree.add(b"a", Node(stat.S_IFLNK | 0o777, target=b"b/file"))
        tree.link(b"z", b"b/file")
        data = rootimage.to_bytes(tree)
        magic, count, index_bytes, data_offset, total = struct.unpack_from("<8sIIQQ", data)
        self.assertEqual((magic, count, total), (b"JGROOT1\0", 5, len(data)))
        self.assertEqual((data_offset, len(data)), (4096, 8192))
        at, seen = 64, []
        for _ in range(count):
            (length, mode, uid, gid, sec, nsec, owner, size, where, _, _, path_len,
             link_len) = struct.unpack_from("<IIIIQIIQQIIHH", data, at)
            self.assertEqual(length % 8, 0)
            path = data[at + 68:at + 68 + path_len]
            seen.append((path, owner, size, data[at + 68 + path_len:at + 68 + path_len + link_len]))
            if path == b"b/file":
                self.assertEqual((mode, uid, gid, sec, nsec), (stat.S_IFREG | 0o640, 1, 2, 3, 4))
                self.assertEqual(data[data_offset + where:][:size], b"hello")
            at += length
        self.assertEqual(at, 64 + index_bytes)
        self.assertEqual(seen, [(b"", 0, 0, b""), (b"a", 0, 0, b"b/file"), (b"b", 0, 0, b""),
                                (b"b/file", 0, 5, b""), (b"z", 4, 5, b"")])

    def test_parents_come_before_children_whatever_the_names(self):
        tree = Tree()
        for name in (b"a-b/c", b"a/z/y", b"a.b/q", b"a/b"):
            tree.add(name, Node(stat.S_IFREG | 0o644))
        order = [path for path, _ in tree.in_order()]
        for path in order[1:]:
            self.assertIn(path.rpartition(b"/")[0], order[:order.index(path)])


class Config(Scratch):
    def test_encoding_keeps_every_byte(self):
        text = guestconfig.make(["a b", "", "100%", "é\n"], [("K", "v w")], stdin="stream",
                                winsize=(24, 80), kernel=["leak-page-per-process"])
        lines = text.decode("ascii").splitlines()
        self.assertEqual([line for line in lines if line.startswith("arg")],
                         ["arg a%20b", "arg ", "arg 100%25", "arg %C3%A9%0A"])
        self.assertIn("env K=v%20w", lines)
        self.assertIn("winsize 24 80", lines)
        self.assertIn("stdin stream", lines)
        self.assertIn("kernel leak-page-per-process", lines)

    def test_environment(self):
        os.environ["TERM"] = "vt100"
        pairs = dict(run.environment(["HOME=/x", "A=b=c"], True))
        self.assertEqual((pairs["HOME"], pairs["A"], pairs["TERM"]), ("/x", "b=c", "vt100"))
        with self.assertRaises(Failure):
            run.environment(["NOVALUE"], True)


class Additions(Scratch):
    def added(self, *texts):
        base = roots.prepare(self.write("root.tar", tar([
            ("usr/bin", tarfile.DIRTYPE, "", {}), ("bin", tarfile.SYMTYPE, "usr/bin", {}),
            ("usr/bin/old", tarfile.REGTYPE, b"old", {}),
            ("usr/bin/other", tarfile.LNKTYPE, "usr/bin/old", {})])))
        with open(self.path("out"), "w+b") as file:
            roots.with_additions(base, [roots.parse_addition(text) for text in texts], file)
        return contents(self.path("out"))

    def test_file_goes_to_root_or_where_it_is_told(self):
        host = self.write("tool", b"new")
        os.chmod(host, 0o755)
        found = self.added(host, host + ":/bin/old", host + ":/opt/x/y", host + ":/usr/bin/")
        self.assertEqual(found["root/tool"][:4], (stat.S_IFREG | 0o755, b"new", 0, 0))
        self.assertEqual(found["usr/bin/old"][1], b"new")
        self.assertEqual(found["usr/bin/other"][1], b"old", "the other name keeps the old file")
        self.assertEqual(found["opt/x/y"][1], b"new")
        self.assertEqual(found["usr/bin/tool"][1], b"new")

    def test_folder_and_colon(self):
        os.makedirs(self.path("d/e"))
        self.write("d/e/f", b"1")
        self.write("with:colon", b"2")
        found = self.added(self.path("d") + ":/srv", self.path("with:colon"))
        self.assertEqual(found["srv/e/f"][1], b"1")
        self.assertEqual(found["root/with:colon"][1], b"2")

    def test_refused(self):
        for text in ("/no/such", self.write("a", b"") + ":relative"):
            with self.assertRaises(Failure):
                roots.parse_addition(text)


class Sizes(Scratch):
    def test_memory(self):
        self.assertEqual([run.size(text) for text in ("40M", "40", "1G", "65536K", "40MiB")],
                         [40 << 20, 40 << 20, 1 << 30, 64 << 20, 40 << 20])
        for text in ("", "0", "x", "-1M", "1.5G", "40Q"):
            with self.assertRaises(Exception, msg=text):
                run.size(text)
