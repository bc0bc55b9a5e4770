"""A static bash for the tests: GNU's shell from Debian's source package, compiled against musl.

In:   cached() -> the program's path if it is there; compiled() builds it if not. `python3 bash.py` does that.
Life: the source comes through apt (aptsources.py) and is pinned for Debian 12. The result is kept by the hash of
      its recipe. It is never part of a default root.
"""

import glob
import hashlib
import os
import shutil
import sys

if __package__:
    from . import aptsources, defaultroot, paths, progress
    from .errors import Failure
else:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from jargoon import aptsources, defaultroot, paths, progress
    from jargoon.errors import Failure

RECIPE = '1'  # raise when the steps of _compile() change
PINS = {
    'bash_5.2.15.orig.tar.gz': '7a315bc0e9d90713159e4390ec1096a41e4f33cd8cc3d1a749a8e5ad56600f51',
}
# No allocator of its own (it moves the break); musl has strtoimax: none is to be put in its place; the rest keeps it small.
CONFIGURE = ('bash_cv_func_strtoimax=no', '--enable-static-link', '--without-bash-malloc', '--disable-nls',
             '--disable-net-redirections')


def cached():
    """The program, or None: nothing is built."""
    path = os.path.join(_folder(), 'bash')
    return path if os.path.exists(path) else None


def compiled():
    """The program; compiled now if it is not in the cache."""
    if not cached():
        with paths.Lock('bash', 'another jargoon is building bash; waiting'):
            if not cached():
                _build()
    return cached()


def _folder():
    key = hashlib.sha256(repr((RECIPE, CONFIGURE, PINS)).encode()).hexdigest()
    return paths.cache_dir('bash', key[:32])


def _archive():
    sources = paths.cache_dir('sources')

    def find():
        return sorted(glob.glob(os.path.join(sources, 'bash_*.orig.tar.*')))

    if not find():
        aptsources.fetch(['bash'], sources)
    found = [path for path in find() if not path.endswith('.asc')]
    if not found:
        raise Failure('apt brought no source archive of bash')
    path = found[-1]
    with open(path, 'rb') as file:
        actual = hashlib.sha256(file.read()).hexdigest()
    pin = PINS.get(os.path.basename(path))
    if pin and actual != pin:
        os.unlink(path)
        raise Failure(f'{os.path.basename(path)} has the hash {actual}, not the pinned {pin}')
    if not pin:
        progress.say(f'{os.path.basename(path)} is another version than was tested; apt verified it')
    return path


def _build():
    archive = _archive()
    work = os.path.join(_folder(), 'work')
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    with open(os.path.join(_folder(), 'build.log'), 'wb') as log, \
            progress.Task('building bash', slow=True) as task:
        _compile(defaultroot.Steps(work, task, log), archive)
    with open(os.path.join(work, 'src', 'bash'), 'rb') as made, \
            paths.Replacing(os.path.join(_folder(), 'bash')) as kept:
        shutil.copyfileobj(made, kept)
    os.chmod(os.path.join(_folder(), 'bash'), 0o755)
    shutil.rmtree(work)


def _compile(steps, archive):
    steps.unpack(archive, 'src')
    inner = sorted(glob.glob(os.path.join(steps.work, 'src', 'bash-*.tar.*')))
    if inner:  # some releases are an archive in an archive
        shutil.rmtree(os.path.join(steps.work, 'inner'), ignore_errors=True)
        os.rename(os.path.join(steps.work, 'src'), os.path.join(steps.work, 'inner'))
        steps.unpack(inner[-1].replace('/src/', '/inner/'), 'src')
    steps.run('./configure', 'CC=musl-gcc', 'CFLAGS=-O1', *CONFIGURE, cwd='src')
    steps.run('make', defaultroot.jobs(), cwd='src')
    steps.run('strip', 'src/bash')


if __name__ == '__main__':
    print(compiled())
