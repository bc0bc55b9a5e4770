"""Programs for the tests that are compiled here, from Debian's source packages, against musl.

In:   Program(...).cached() -> the folder that holds what was made, or None; compiled() makes it if it is not there.
Life: the source comes through apt (sources.py) and is pinned for Debian 12. What is made is kept by the hash of
      its recipe. It is never part of a default root.
"""

import glob
import hashlib
import os
import shutil

from . import defaultroot, paths, progress, sources


class Program:
    def __init__(self, name, recipe, pins, make):
        """`make(steps)` compiles in src/ below steps.work and puts what is to be kept into out/.

        `recipe` is whatever the result depends on beside `pins`, file name -> SHA-256 of the source archive.
        """
        self.name, self.recipe, self.pins, self.make = name, recipe, pins, make

    def cached(self):
        """Its folder, or None: nothing is built."""
        return self._folder() if os.path.isdir(self._folder()) else None

    def compiled(self):
        """Its folder; compiled now if it is not in the cache."""
        if not self.cached():
            with paths.Lock(self.name, f'another jargoon is building {self.name}; waiting'):
                if not self.cached():
                    self._build()
        return self.cached()

    def _home(self):
        return paths.cache_dir(self.name)

    def _folder(self):
        key = hashlib.sha256(repr((self.recipe, self.pins)).encode()).hexdigest()
        return os.path.join(self._home(), key[:32])

    def _build(self):
        archive = sources.archive(self.name, self.pins)
        work = os.path.join(self._home(), 'work')
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(os.path.join(work, 'out'))
        with open(os.path.join(self._home(), 'build.log'), 'wb') as log, \
                progress.Task(f'building {self.name}', slow=True) as task:
            steps = defaultroot.Steps(work, task, log)
            self._unpack(steps, archive)
            self.make(steps)
        os.rename(os.path.join(work, 'out'), self._folder())
        shutil.rmtree(work)

    def _unpack(self, steps, archive):
        """Into src/, whether the archive has one folder at its top or none, or another archive in it."""
        os.makedirs(os.path.join(steps.work, 'tar'))
        steps.run('tar', '-xf', archive, '-C', 'tar', '--no-same-owner')
        place = os.path.join(steps.work, 'tar')
        for _ in range(2):
            if len(os.listdir(place)) == 1:
                place = os.path.join(place, os.listdir(place)[0])
            inner = glob.glob(os.path.join(glob.escape(place), f'{self.name}-*.tar.*'))
            if not inner:
                break
            place = os.path.join(steps.work, 'inner')
            os.makedirs(place)
            steps.run('tar', '-xf', inner[-1], '-C', 'inner', '--no-same-owner')
        os.rename(place, os.path.join(steps.work, 'src'))
