"""What the command line answers with one line: a mistake of the user's, a signal, a note."""

import signal


class UserError(Exception):
    """Something the user can put right; its message is one clear line that says how.

    The command line prints the message alone and exits with code 2.
    """


class Stopped(KeyboardInterrupt):
    """A signal came, and what was done until then is kept; the message says what.

    The command line prints the message and exits with 128 and the signal's number.
    """

    def __init__(self, kept: str, number: int = signal.SIGINT) -> None:
        super().__init__(kept)
        self.number = number


class UserNote(UserWarning):
    """Something the user should know of, though the work goes on: one clear line.

    Warned with `warnings.warn`; the command line prints the message alone.
    """
