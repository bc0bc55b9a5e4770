"""Roots of Debian's packages: a split /usr lands in the merged one, documentation stays out."""

import os
import shutil
import stat
import subprocess
import unittest

from support import Scratch

from jargoon import debianroot, fromsource, spool
from jargoon.errors import Failure


class Packages(Scratch):
    def package(self, files):
        """A .deb that holds these (path, bytes)."""
        tree = self.path("tree")
        os.makedirs(os.path.join(tree, "DEBIAN"))
        with open(os.path.join(tree, "DEBIAN", "control"), "w", encoding="ascii") as file:
            file.write("Package: some\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: d\n")
        for name, data in files:
            os.makedirs(os.path.dirname(os.path.join(tree, name)), exist_ok=True)
            self.write(os.path.join(tree, name), data)
        subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, self.path("some.deb")],
                       stdout=subprocess.DEVNULL, check=True)
        return self.path("some.deb")

    @unittest.skipUnless(shutil.which("dpkg-deb"), "no dpkg-deb")
    def test_split_and_merged_folders_are_one(self):
        archive = self.package([("bin/true", b"t"), ("usr/bin/false", b"f"), ("lib/x86/libc.so", b"c"),
                                ("usr/share/doc/some/readme", b"r"), ("usr/share/man/man1/true.1", b"m"),
                                ("usr/share/doc/some/copyright", b"free"),
                                ("usr/share/base-passwd/passwd.master", b"root:*:0:0:root:/root:/bin/bash\n")])
        contents, tree = spool.Spool(self.folder), debianroot.DebianTree()
        debianroot.unpack(archive, self.folder, contents, tree)
        debianroot.complete(tree)
        names = {name.decode() for name, node in tree.names.items() if stat.S_ISREG(node.mode)}
        self.assertLessEqual({"usr/bin/true", "usr/bin/false", "usr/lib/x86/libc.so", "etc/passwd", "etc/hostname",
                              "usr/share/doc/some/copyright"}, names)
        self.assertFalse([name for name in names if "readme" in name or "/man/" in name])
        self.assertEqual(tree.names[b"bin"].target, b"usr/bin")
        self.assertEqual(tree.find(b"bin/true").size, 1)
        self.assertEqual(tree.find(b"bin/sh"), tree.find(b"usr/bin/sh"))

    @unittest.skipUnless(shutil.which("dpkg-deb"), "no dpkg-deb")
    def test_a_broken_package_is_said_to_be_one(self):
        contents, tree = spool.Spool(self.folder), debianroot.DebianTree()
        with self.assertRaisesRegex(Failure, "cannot unpack bad.deb"):
            debianroot.unpack(self.write("bad.deb", b"no archive"), self.folder, contents, tree)


class FromSource(Scratch):
    def compiled(self, files):
        """What a program of one file is made from, with this archive of its source in the cache."""
        place = self.path("cache/jargoon/sources")
        os.makedirs(place)
        os.makedirs(self.path("src"))
        for name, data in files:
            os.makedirs(os.path.dirname(self.path("src/" + name)), exist_ok=True)
            self.write("src/" + name, data)
        subprocess.run(["tar", "-cjf", os.path.join(place, "some_1.orig.tar.bz2"), "-C", self.path("src"), "."],
                       check=True)

        def make(steps):
            shutil.copy(os.path.join(steps.work, "src", "main.c"), os.path.join(steps.work, "out", "main.c"))
        program = fromsource.Program("some", "1", {}, make)
        self.assertIsNone(program.cached())
        folder = program.compiled()
        self.assertEqual(program.cached(), folder)
        with open(os.path.join(folder, "main.c"), "rb") as file:
            return file.read()

    def test_an_archive_without_a_folder_at_its_top(self):
        self.assertEqual(self.compiled([("main.c", b"1"), ("lib/x.c", b"2")]), b"1")

    def test_an_archive_with_a_folder_at_its_top(self):
        self.assertEqual(self.compiled([("some-1/main.c", b"1"), ("some-1/x.c", b"2")]), b"1")
