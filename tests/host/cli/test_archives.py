"""Archives and folders become root images with everything kept, and damage is one sentence."""

import gzip
import os
import stat
import tarfile

from support import Scratch, contents, cpio, tar

from jargoon import roots
from jargoon.errors import Failure

DIR, REG, LNK, HARD, CHR = (tarfile.DIRTYPE, tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE,
                            tarfile.CHRTYPE)
SMALL = [("./", DIR, "", {"mode": 0o755}),
         ("./bin/", DIR, "", {"mode": 0o755, "mtime": 77}),
         ("./bin/tool", REG, b"x" * 5000, {"mode": 0o4755, "uid": 3, "gid": 4, "mtime": 12345}),
         ("./bin/same", HARD, "./bin/tool", {}),
         ("./bin/link", LNK, "../bin/tool", {}),
         ("./dev/null", CHR, "", {"mode": 0o666, "devmajor": 1, "devminor": 3}),
         ("./empty", REG, b"", {"mode": 0o600})]


class Tar(Scratch):
    def made(self, data, name="root.tar"):
        return contents(roots.prepare(self.write(name, data)))

    def refused(self, data, words):
        with self.assertRaises(Failure) as caught:
            self.made(data)
        self.assertIn(words, caught.exception.sentence)
        self.assertNotIn("\n", caught.exception.sentence)
        self.assertEqual(caught.exception.status, 125)

    def check_small(self, found):
        self.assertEqual(found["bin/tool"],
                         (stat.S_IFREG | 0o4755, b"x" * 5000, 3, 4, 12345 * 10**9))
        self.assertEqual(found["bin/same"], found["bin/tool"])
        self.assertEqual(found["bin/link"][:2], (stat.S_IFLNK | 0o644, b"../bin/tool"))
        self.assertEqual(found["dev/null"][:2], (stat.S_IFCHR | 0o666, (1, 3)))
        self.assertEqual(found["empty"][:2], (stat.S_IFREG | 0o600, b""))
        self.assertEqual(found["bin"][4], 77 * 10**9)
        self.assertEqual(stat.S_IFMT(found["dev"][0]), stat.S_IFDIR)

    def test_plain_gnu_pax_and_gzip_give_the_same(self):
        for kind in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
            data = tar(SMALL, format=kind)
            self.check_small(self.made(data))
            self.check_small(self.made(gzip.compress(data), "root.tar.gz"))

    def test_hard_link_shares_one_node(self):
        from jargoon import rootimage
        path = roots.prepare(self.write("a.tar", tar(SMALL)))
        with open(path, "rb") as file:
            tree = rootimage.read(file, path)
            self.assertIs(tree.names[b"bin/tool"], tree.names[b"bin/same"])

    def test_pax_times_and_long_names(self):
        long = "d/" * 60 + "n" * 200
        member = (long, REG, b"1", {"pax_headers": {"mtime": "1700000000.123456789"}})
        for kind in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
            found = self.made(tar([member], format=kind))
            self.assertEqual(found[long][1], b"1")
            if kind == tarfile.PAX_FORMAT:
                self.assertEqual(found[long][4], 1700000000123456789)

    def test_large_ids(self):
        found = self.made(tar([("a", REG, b"1", {"uid": 2**22, "gid": 65534})],
                              format=tarfile.GNU_FORMAT))
        self.assertEqual(found["a"][2:4], (2**22, 65534))

    def test_later_member_replaces(self):
        found = self.made(tar([("a", REG, b"old", {}), ("a", REG, b"newer", {})]))
        self.assertEqual(found["a"][1], b"newer")

    def test_name_under_a_symbolic_link_goes_where_it_points(self):
        found = self.made(tar([("usr/bin", DIR, "", {}), ("bin", LNK, "usr/bin", {}),
                               ("bin/sh", REG, b"s", {})]))
        self.assertEqual(found["usr/bin/sh"][1], b"s")
        self.assertNotIn("bin/sh", found)

    def test_every_truncation_is_refused(self):
        data = tar(SMALL, format=tarfile.PAX_FORMAT)
        end = len(data.rstrip(b"\0"))
        for size in [0, 1, 511, 512, 600, *range(1024, end, 512), end]:
            with self.assertRaises(Failure, msg=size):
                self.made(data[:size])

    def test_every_damaged_header_is_refused(self):
        data = tar(SMALL, format=tarfile.USTAR_FORMAT)
        for at in (512 + 3, 1024 + 130, 1024 + 150):
            self.refused(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:], "damaged")

    def test_damaged_gzip_is_refused(self):
        data = gzip.compress(tar(SMALL))
        self.refused(data[:-20], "ends too early")
        self.refused(data[:-6] + b"\1" + data[-5:], "damaged")
        middle = len(data) // 2
        self.refused(data[:middle] + bytes([data[middle] ^ 0xff]) + data[middle + 1:], "damaged")

    def test_what_is_no_archive_is_refused(self):
        self.refused(b"hello", "too short")
        self.refused(b"hello" * 1000, "neither a tar nor a cpio")
        self.refused(b"\xfd7zXZ\0" + bytes(1000), "compressed with xz")
        self.refused(tar([]), "too short" if len(tar([])) < 512 else "")

    def test_dangerous_names_are_refused(self):
        self.refused(tar([("a/../../etc/passwd", REG, b"1", {})]), "`..`")
        self.refused(tar([("a", REG, b"1", {}), ("a/b", REG, b"1", {})]), "not a folder")
        self.refused(tar([("a", HARD, "b", {})]), "not there")
        self.refused(tar([("a", LNK, "b", {}), ("b", LNK, "a", {}), ("a/c", REG, b"", {})]), "loop")

    def test_absolute_names_are_taken_as_relative(self):
        self.assertEqual(self.made(tar([("/a", REG, b"1", {})]))["a"][1], b"1")


class Cpio(Scratch):
    MEMBERS = [(".", stat.S_IFDIR | 0o755, b"", {}),
               ("a", stat.S_IFREG | 0o644, b"", {"ino": 9, "nlink": 2}),
               ("b", stat.S_IFREG | 0o644, b"both", {"ino": 9, "nlink": 2, "uid": 1, "mtime": 5}),
               ("l", stat.S_IFLNK | 0o777, b"a", {}),
               ("d", stat.S_IFBLK | 0o600, b"", {"rmajor": 8, "rminor": 1})]

    def test_kept(self):
        for data in (cpio(self.MEMBERS), gzip.compress(cpio(self.MEMBERS)),
                     cpio(self.MEMBERS) + bytes(512), cpio(self.MEMBERS[:1]) + cpio(self.MEMBERS)):
            found = contents(roots.prepare(self.write("root.cpio", data)))
            self.assertEqual(found["a"][1], b"both")
            self.assertEqual(found["b"][1], b"both")
            self.assertEqual(found["l"][:2], (stat.S_IFLNK | 0o777, b"a"))
            self.assertEqual(found["d"][:2], (stat.S_IFBLK | 0o600, (8, 1)))

    def test_damage_is_refused(self):
        whole = cpio(self.MEMBERS)
        for data in (cpio(self.MEMBERS, trailer=False), whole[:-4], whole[:200], whole[:90],
                     whole.replace(b"070701", b"070700"), b"070707" + bytes(600),
                     whole[:120] + b"zzzz" + whole[124:]):
            with self.assertRaises(Failure):
                roots.prepare(self.write("root.cpio", data))


class Folder(Scratch):
    def test_kept(self):
        top = self.path("root")
        os.makedirs(top + "/etc")
        self.write("root/etc/a", b"text")
        os.link(top + "/etc/a", top + "/b")
        os.symlink("etc/a", top + "/c")
        os.mkfifo(top + "/f", 0o600)
        os.chmod(top + "/etc/a", 0o751)
        os.utime(top + "/etc/a", ns=(0, 1234567890123456789))
        found = contents(roots.prepare(top))
        self.assertEqual(found["etc/a"], (stat.S_IFREG | 0o751, b"text", os.getuid(), os.getgid(),
                                          1234567890123456789))
        self.assertEqual(found["b"], found["etc/a"])
        self.assertEqual(found["c"][1], b"etc/a")
        self.assertEqual(stat.S_IFMT(found["f"][0]), stat.S_IFIFO)

    def test_a_change_is_seen(self):
        os.makedirs(self.path("root"))
        self.write("root/a", b"1")
        first = roots.prepare(self.path("root"))
        self.assertEqual(roots.prepare(self.path("root")), first)
        self.write("root/a", b"22")
        self.assertEqual(contents(roots.prepare(self.path("root")))["a"][1], b"22")


class Cache(Scratch):
    def test_same_content_is_imported_once_and_a_change_is_seen(self):
        first = roots.prepare(self.write("a.tar", tar(SMALL)))
        again = roots.prepare(self.write("b.tar", tar(SMALL)))
        self.assertEqual(first, again)
        other = roots.prepare(self.write("a.tar", tar(SMALL[:-1])))
        self.assertNotEqual(first, other)

    def test_missing_and_odd_files(self):
        for path in (self.path("none"), "/dev/null"):
            with self.assertRaises(Failure):
                roots.prepare(path)
