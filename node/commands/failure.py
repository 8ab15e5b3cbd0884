"""Describes how a command says that it failed: one line on standard error and an exit code, never a traceback."""


class CommandFailed(Exception):
    """The command could not do what it was asked; the message is the line the user sees."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
