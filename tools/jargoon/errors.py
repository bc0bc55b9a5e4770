"""What goes wrong, as one sentence for the user and an exit status for his script."""

STATUS_TIMEOUT = 124  # as timeout(1)
STATUS_FAILED = 125   # jargoon, a server or the kernel failed; the command may not have run


class Failure(Exception):
    """Ends the command: `sentence` goes to stderr behind "jargoon: ", `status` is the exit status."""

    def __init__(self, sentence, status=STATUS_FAILED):
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


class SignalExit(BaseException):
    """A signal asked us to end: unwind (terminal, QEMU, temporary files), then die of it."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number


def reason(error):
    """The readable part of an OSError, without its number."""
    return error.strerror or str(error)
