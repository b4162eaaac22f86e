"""The one exception that stands for a mistake of the user's, not of the program's."""


class UserError(Exception):
    """Something the user can put right; its message is one clear line that says how.

    The command line prints the message alone and exits with code 2.
    """
