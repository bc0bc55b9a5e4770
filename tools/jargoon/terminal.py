"""The user's terminal: raw while the guest owns it, and back as it was however we end.

In:   Terminal(fd): claim(), release(), size(); EscapeKeys for the key that leaves.
Life: claimed only while we are the terminal's foreground process group. In the background nothing is
      changed or read (reading would stop us); a look five times a second finds out when we are put
      into the foreground. SIGTSTP restores, stops, and claims again afterwards. Signals that end us
      unwind through release(); only SIGKILL leaves the terminal raw, as for any program.
"""

import os
import signal
import termios

PREFIX = 0x01  # Ctrl-A
HELP = "Ctrl-A x leaves, Ctrl-A a sends Ctrl-A"


class Terminal:
    def __init__(self, fd):
        self.fd = fd
        self.saved = None

    def in_foreground(self):
        try:
            return os.tcgetpgrp(self.fd) == os.getpgrp()
        except OSError:
            return True  # a terminal, but not our controlling one: there is no job control on it

    def claim(self):
        """Makes the terminal raw if it is ours to change; returns whether it is now."""
        if self.saved is None and self.in_foreground():
            saved = termios.tcgetattr(self.fd)
            raw = [list(part) if isinstance(part, list) else part for part in saved]
            raw[0] &= ~(termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP
                        | termios.INLCR | termios.IGNCR | termios.ICRNL | termios.IXON | termios.IXOFF)
            raw[1] &= ~termios.OPOST
            raw[2] = raw[2] & ~(termios.CSIZE | termios.PARENB) | termios.CS8
            raw[3] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN)
            raw[6][termios.VMIN], raw[6][termios.VTIME] = 1, 0
            self.saved = saved
            termios.tcsetattr(self.fd, termios.TCSADRAIN, raw)
        return self.saved is not None

    def release(self):
        """Puts the modes back if we changed them."""
        if self.saved is not None:
            saved, self.saved = self.saved, None
            # If we were put into the background meanwhile, setting modes would stop us.
            old = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            try:
                termios.tcsetattr(self.fd, termios.TCSADRAIN, saved)
            except (OSError, termios.error):
                pass  # the terminal is gone
            finally:
                signal.signal(signal.SIGTTOU, old)

    def size(self):
        """(rows, columns), 24 by 80 when the terminal does not know."""
        try:
            columns, rows = os.get_terminal_size(self.fd)
        except OSError:
            columns = rows = 0
        return (rows, columns) if rows and columns else (24, 80)


class EscapeKeys:
    """Finds Ctrl-A x in what is typed. A Ctrl-A waits for the key behind it, at most a second."""

    def __init__(self, leave):
        self.leave = leave
        self.held = False

    def pass_on(self, data):
        """What of `data` goes to the guest now."""
        out = bytearray()
        for byte in data:
            if not self.held:
                if byte == PREFIX:
                    self.held = True
                else:
                    out.append(byte)
                continue
            self.held = False
            if byte in b"xX":
                self.leave()
                break
            out.append(PREFIX)
            if byte not in (ord("a"), PREFIX):  # Ctrl-A a is one Ctrl-A, any other key goes along
                out.append(byte)
        return bytes(out)

    def expire(self):
        """No key came: the Ctrl-A was meant for the guest."""
        held, self.held = self.held, False
        return bytes([PREFIX]) if held else b""
