"""The tiny C compiler for the tests: static, from Debian's source package, compiled against musl.

In:   PROGRAM.cached() and PROGRAM.compiled(); additions() -> what a guest gets: that, and the host's musl.
Life: bin/tcc, lib/tcc (its headers and libtcc1.a), and src/: what it takes to compile itself there; config.h
      says all of its configuration.
"""

import os
import shutil

from . import defaultroot, fromsource

RECIPE = '1'  # raise when the steps of _make() change
PINS = {
    'tcc_0.9.27+git20200814.62c30a4a.orig.tar.bz2':
        'd63c113bcdd657f51c8ee197a0b0a24203603313e19a52b5f678d40ab7f5df35',
}
INSIDE = '/tcc'
MUSL = '/usr/lib/x86_64-linux-musl'
HEADERS = '/usr/include/x86_64-linux-musl'
LOADER = '/lib/ld-musl-x86_64.so.1'
DEFINES = {'CONFIG_TCC_SYSINCLUDEPATHS': '{B}/include:' + HEADERS,
           'CONFIG_TCC_LIBPATHS': MUSL, 'CONFIG_TCC_CRTPREFIX': MUSL,
           'CONFIG_TCC_ELFINTERP': LOADER}
CONFIGURE = ('--cc=musl-gcc', '--extra-cflags=-O1 -w', '--extra-ldflags=-static', f'--prefix={INSIDE}',
             '--config-musl', '--config-bcheck=no', '--config-backtrace=no')


def _make(steps):
    steps.run('./configure', *CONFIGURE, cwd='src')
    with open(os.path.join(steps.work, 'src', 'config.h'), 'a', encoding='utf-8') as file:
        file.write('#define TCC_TARGET_X86_64 1\n#define TCC_MUSL 1\n')
        file.write(''.join(f'#define {name} "{value}"\n' for name, value in DEFINES.items()))
    steps.run('make', defaultroot.jobs(), 'tcc', 'libtcc1.a', cwd='src')
    source, out = (os.path.join(steps.work, name) for name in ('src', 'out'))
    for name, place in (('tcc', 'bin/tcc'), ('libtcc1.a', 'lib/tcc/libtcc1.a')):
        os.makedirs(os.path.join(out, os.path.dirname(place)))
        shutil.copy(os.path.join(source, name), os.path.join(out, place))
    shutil.copytree(os.path.join(source, 'include'), os.path.join(out, 'lib', 'tcc', 'include'))
    os.makedirs(os.path.join(out, 'src'))
    for name in os.listdir(source):
        if name.endswith(('.c', '.h', '.def')):
            shutil.copy(os.path.join(source, name), os.path.join(out, 'src', name))


PROGRAM = fromsource.Program('tcc', (RECIPE, CONFIGURE, DEFINES), PINS, _make)


def additions():
    """(path on the host, path in the guest) pairs: the compiler with its source, and musl as musl-tools has it."""
    return [(PROGRAM.cached(), INSIDE), (MUSL, MUSL), (HEADERS, HEADERS), (f'{MUSL}/libc.so', LOADER)]
