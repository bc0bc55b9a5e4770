"""The reference guest: Debian's cloud kernel with our root, pid 1 and programs, in the same QEMU.

The kernel is fetched through the host's own apt, not installed, and cached with the six modules
that the virtio ports need. tools/reference/ holds the first stage that makes its surroundings.
"""

import hashlib
import io
import os
import pathlib
import subprocess
import tarfile

META_PACKAGE = 'linux-image-cloud-amd64'
MODULES = ['virtio_ring', 'virtio', 'virtio_pci_legacy_dev', 'virtio_pci_modern_dev', 'virtio_pci',
           'virtio_console']
# loglevel=0: the console is the guest's terminal. The log is read back by the first stage.
# no5lvl: programs have addresses of 47 bits, as ours have.
COMMAND_LINE = 'console=ttyS0 quiet loglevel=0 panic=-1 oops=panic mitigations=off nokaslr no5lvl ' \
               'random.trust_cpu=on no_timer_check tsc=reliable rdinit=/init'


class Unavailable(Exception):
    """The reference kernel is not here and cannot be had; the text says why."""


def cache_folder():
    base = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return pathlib.Path(base) / 'jargoon' / 'reference'


def _run(command, **more):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, **more)


def _kernel_package():
    """The name of the package with the newest cloud kernel, as the host's apt knows it."""
    found = _run(['apt-cache', 'depends', META_PACKAGE])
    for line in found.stdout.decode().splitlines():
        kind, _, name = line.strip().partition(': ')
        if kind == 'Depends' and name.startswith('linux-image-'):
            return name
    raise Unavailable(f'apt knows no {META_PACKAGE} (has apt-get update been run?)')


def _take_out(package, folder):
    """Writes the kernel and the modules of the .deb at `package` into `folder`."""
    listing = _run(['dpkg-deb', '--fsys-tarfile', str(package)])
    if listing.returncode != 0:
        raise Unavailable('the kernel package cannot be read: ' + listing.stderr.decode().strip())
    missing = {'vmlinuz'} | {name + '.ko' for name in MODULES}
    with tarfile.open(fileobj=io.BytesIO(listing.stdout)) as tar:
        for member in tar:
            base = os.path.basename(member.name)
            name = 'vmlinuz' if base.startswith('vmlinuz-') else base
            if member.isfile() and name in missing:
                (folder / name).write_bytes(tar.extractfile(member).read())
                missing.discard(name)
    if missing:
        raise Unavailable('the kernel package lacks ' + ', '.join(sorted(missing)))


def kernel(fetch=True):
    """The folder that holds `vmlinuz` and the modules. Raises Unavailable."""
    folder = cache_folder() / 'kernel'
    if (folder / 'vmlinuz').exists():
        return folder
    if not fetch:
        raise Unavailable('the reference kernel has not been fetched')
    work = cache_folder() / f'fetch.{os.getpid()}'
    try:
        out = work / 'out'
        out.mkdir(parents=True)
        work.chmod(0o755)
        got = _run(['apt-get', 'download', '-q', _kernel_package()], cwd=work, timeout=600)
        packages = list(work.glob('*.deb'))
        if got.returncode != 0 or not packages:
            raise Unavailable('apt could not fetch it: ' + got.stderr.decode().strip()[-200:])
        _take_out(packages[0], out)
        try:
            out.rename(folder)
        except OSError:
            if not (folder / 'vmlinuz').exists():
                raise
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(str(error)) from error
    finally:
        _run(['rm', '-rf', str(work)])
    return folder


def _entry(number, name, mode, data=b''):
    """One newc record."""
    path = name.encode() + b'\0'
    fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0]
    head = b'070701' + b''.join(b'%08X' % field for field in fields) + path
    return head + b'\0' * (-len(head) % 4) + data + b'\0' * (-len(data) % 4)


def initramfs(folder, stage1, pid1, root, config):
    """The initial RAM file system as bytes: our first stage, the modules, and what it is to run."""
    files = [('init', 0o100755, stage1), ('pid1', 0o100755, pid1),
             ('root.jgroot', 0o100644, root), ('config', 0o100644, config)]
    for order, name in enumerate(MODULES):
        data = (folder / (name + '.ko')).read_bytes()
        files.append((f'modules/{order}-{name}.ko', 0o100644, data))
    parts = [_entry(1, 'modules', 0o040755), _entry(2, 'dev', 0o040755),
             _entry(3, 'dev/console', 0o020600)]
    parts += [_entry(number, *file) for number, file in enumerate(files, 10)]
    parts.append(_entry(0, 'TRAILER!!!', 0))
    return b''.join(parts)


def identity(folder):
    """What cached results depend on beside the root and the binaries."""
    digest = hashlib.sha256((folder / 'vmlinuz').read_bytes())
    digest.update(COMMAND_LINE.encode())
    return digest.hexdigest()
