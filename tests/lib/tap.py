"""TAP on stdout, for drivers that Meson runs."""

import sys
import traceback


class Skip(Exception):
    """A case cannot run here; the text says why."""


class Failed(Exception):
    """A case failed; the text says what was seen."""


class Tap:
    def __init__(self):
        self.count = self.bad = 0

    def line(self, good, name, directive=''):
        self.count += 1
        if not good and 'TODO' not in directive:
            self.bad += 1
        print(f'{"ok" if good else "not ok"} {self.count} - {name}'
              + (f' # {directive}' if directive else ''), flush=True)

    def note(self, text):
        for line in str(text).splitlines():
            print('# ' + ''.join(c if c.isprintable() else '?' for c in line), flush=True)

    def case(self, name, function, *arguments):
        """Runs one case: it passes by returning."""
        try:
            function(*arguments)
        except Skip as why:
            self.line(True, name, f'SKIP {why}')
        except Failed as what:
            self.line(False, name)
            self.note(what)
        except Exception:  # a bug of the test: said, and the next one runs
            self.line(False, name)
            self.note(traceback.format_exc())
        else:
            self.line(True, name)

    def done(self):
        """Prints the plan and ends the process."""
        print(f'1..{self.count}', flush=True)
        sys.exit(1 if self.bad else 0)


def skip_all(why):
    """The whole driver has nothing to run here."""
    print(f'1..0 # SKIP {why}', flush=True)
    sys.exit(0)
