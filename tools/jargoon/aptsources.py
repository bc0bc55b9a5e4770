"""Debian source packages by the host's own apt configuration, without root and without touching it.

In:   fetch(names, folder). The host's entries for binary packages (deb822 and one-line) are written as
      source entries into a list of our own, with lists and cache of our own; apt verifies signatures
      and hashes as always.
"""

import glob
import os
import re
import shutil
import sys

from . import apt, progress
from .errors import Failure, reason

# Origins that carry Debian's sources: entries of others may have none, or something else's.
COMPONENTS = {"main", "universe"}


def entries(folder="/etc/apt"):
    """The distribution's entries as one-line `deb-src` text, from all files apt itself reads."""
    found = []
    for path in [os.path.join(folder, "sources.list"),
                 *sorted(glob.glob(os.path.join(folder, "sources.list.d", "*")))]:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
        except OSError:
            continue
        if path.endswith(".sources"):
            found += parse_deb822(text)
        elif path.endswith(".list"):
            found += parse_one_line(text)
    return list(dict.fromkeys(found))


def parse_one_line(text):
    """`deb [options] uri suite component...`, one to a line."""
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*deb(?:-src)?\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)", line)
        if match:
            options = [word for word in (match[1] or "").split() if not word.startswith("arch=")]
            found += _entry(options, match[2], match[3], match[4].split())
    return found


def parse_deb822(text):
    """Stanzas of `Types:`, `URIs:`, `Suites:`, `Components:`, with continuation lines."""
    found = []
    for stanza in re.split(r"\n\s*\n", text):
        fields, last = {}, None
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace() and last:
                fields[last] += " " + line.strip()
            elif ":" in line:
                name, value = line.split(":", 1)
                last = name.strip().lower()
                fields[last] = value.strip()
        if not fields or fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        options = []
        signed = fields.get("signed-by", "")
        if signed.startswith("/"):
            options.append("signed-by=" + ",".join(signed.split()))
        elif signed:
            continue  # a key inside the stanza: no distribution ships that
        if fields.get("trusted", "").lower() == "yes":
            options.append("trusted=yes")
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                found += _entry(options, uri, suite, fields.get("components", "").split())
    return found


def _entry(options, uri, suite, components):
    """The entry if it is one of the distribution's, else nothing."""
    wanted = [component for component in components if component in COMPONENTS]
    if not wanted or not _is_distribution(uri):
        return []
    bracket = f"[{' '.join(options)}] " if options else ""
    return [f"deb-src {bracket}{uri} {suite} {' '.join(wanted)}"]


def _is_distribution(uri):
    """Mirrors keep the archive's last path part; foreign repositories have other ones."""
    last = uri.rstrip("/").rsplit("/", 1)[-1]
    return last in ("debian", "debian-security", "ubuntu") or "snapshot.debian.org" in uri


def fetch(names, folder):
    """Downloads the sources of the packages `names` into `folder`; apt has verified what is there."""
    with Apt(folder, entries(), "the sources of " + " and ".join(names)) as own:
        own.run("source", "--download-only", *names)


class Apt:
    """apt-get with entries, lists, cache and status of our own, below folder/apt, while it is entered.

    `what` is what is fetched, for the sentences. The state knows of no installed package.
    """

    def __init__(self, folder, lines, what):
        self.folder, self.state, self.lines, self.what = folder, os.path.join(folder, "apt"), lines, what

    def __enter__(self):
        if not shutil.which("apt-get"):
            raise Failure(f"there is no apt-get here to fetch {self.what} with; use --rootfs PATH")
        if not self.lines:
            raise Failure(f"apt's configuration names no distribution to fetch {self.what} from; "
                          "use --rootfs PATH")
        for part in ("lists/partial", "cache/archives/partial"):
            os.makedirs(os.path.join(self.state, part), exist_ok=True)
        for name, text in (("sources.list", "\n".join(self.lines) + "\n"), ("status", "")):
            with open(os.path.join(self.state, name), "w", encoding="utf-8") as file:
                file.write(text)
        self.options = []
        for name, value in (("Dir::Etc::SourceList", os.path.join(self.state, "sources.list")),
                            ("Dir::Etc::SourceParts", "/dev/null"),
                            ("Dir::State::Lists", os.path.join(self.state, "lists")),
                            ("Dir::State::Status", os.path.join(self.state, "status")),
                            ("Dir::Cache", os.path.join(self.state, "cache")),
                            ("Debug::NoLocking", "1"),
                            ("APT::Sandbox::User", "root"),  # as root, apt's own user cannot write here
                            ("Acquire::Retries", "3"), ("Acquire::Languages", "none")):
            self.options += ["-o", f"{name}={value}"]
        self.task = progress.Task(f"fetching {self.what}", slow=True).__enter__()
        try:
            self.run("update")
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def run(self, *words):
        """apt-get with these words, in the folder."""
        status, said = apt.run_shown(["apt-get", "-q", *self.options, *words], self.task, cwd=self.folder)
        if status:
            errors = [line for line in said if line.startswith(("E:", "Err:"))]
            raise Failure(f"apt could not fetch {self.what}: "
                          + (errors[-1] if errors else said[-1] if said else "no reason given")
                          + "; without network, use --rootfs PATH")

    def __exit__(self, *why):
        self.task.__exit__(*why)
        try:
            shutil.rmtree(self.state)
        except OSError as error:
            progress.say(f"could not remove {self.state}: {reason(error)}")
