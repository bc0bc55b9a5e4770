"""`./jargoon test fresh`: README's two commands in a minimal Debian, where nothing is installed.

Makes a debootstrap minbase system in a folder of the cache's file system, copies the tracked files
into it, and runs `./jargoon run -- true` twice and the host and linux suites inside a chroot with
namespaces of its own, so that nothing of it is left. Needs root and Debian's archive.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
RELEASE = 'bookworm'
HOUR = 3600
INSIDE = '''set -e
mount -t proc proc /proc
cd /project
export CI=true DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
./jargoon --version
echo hi | ./jargoon run -- cat
./jargoon run -- true
./jargoon test host linux
'''


def tracked():
    listing = subprocess.run(['git', '-C', str(TOP), 'ls-files', '-z'], stdout=subprocess.PIPE,
                             check=True).stdout
    return [name for name in listing.decode().split('\0') if name]


def copy_project(to):
    for name in tracked():
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(TOP / name, target, follow_symlinks=False)


def copy_sources(root):
    """The host's own sources and proxy, so that what it may reach is what the guest reaches."""
    for name in ('etc/apt/sources.list', 'etc/apt/sources.list.d', 'etc/apt/apt.conf.d',
                 'etc/resolv.conf', 'etc/hosts'):
        source, target = pathlib.Path('/') / name, root / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy2(source, target)


def main():
    if os.geteuid() != 0:
        print('test fresh: debootstrap and chroot need root', file=sys.stderr)
        return 125
    with tempfile.TemporaryDirectory(prefix='jargoon-fresh-', dir='/var/tmp') as folder:
        root = pathlib.Path(folder) / 'root'
        made = subprocess.run(['debootstrap', '--variant=minbase', RELEASE, str(root)],
                              stdin=subprocess.DEVNULL, check=False)
        if made.returncode:
            print('0 passed, 1 failed')
            return 1
        copy_sources(root)
        copy_project(root / 'project')
        (root / 'inside').write_text(INSIDE)
        # Mounts and processes end with the namespaces; the host's /dev is only lent.
        done = subprocess.run(
            ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c',
             f'mount --rbind /dev {root}/dev && exec chroot {root} sh /inside'],
            stdin=subprocess.DEVNULL, timeout=HOUR, check=False)
    print('1 passed, 0 failed' if done.returncode == 0 else '0 passed, 1 failed', flush=True)
    return 0 if done.returncode == 0 else 1


if __name__ == '__main__':
    sys.exit(main())
