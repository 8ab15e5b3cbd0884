"""Describes what the register may refuse, and what may be wrong with its files.

Leaves are named for what happened and carry facts, never codes: each face has one table that turns a class
into its own answer (`node/service/answers.py`).
"""

from collections.abc import Iterable

from idnode.registry.handle.errors import Refused, RegistryError


class HandleExists(Refused):
    """A create met an existing record and may not overwrite it."""


class HandleNotFound(Refused):
    """The handle has no record."""


class ValuesNotFound(Refused):
    """An index to be modified or removed is not in the record (or nothing is left to answer)."""


class BatchAborted(Refused):
    """Another item of an all-or-nothing batch was refused, so this one was not carried out either."""


class RegisterBusy(RegistryError):
    """The write queue is full; nothing was taken, try again later."""


class RegisterShort(RegisterBusy):
    """The system is short of room on the disk, or of descriptors; nothing was taken, try again later."""


class RegisterClosed(RegistryError):
    """The register is closing, or its log failed and takes no more writes."""


class RegisterUnavailable(RegistryError):
    """The register's records or its log are elsewhere and cannot be reached now; try again later.

    Where it is the outcome of a change, the change may have been carried out all the same.
    """


class RegisterAway(RegisterUnavailable, RegisterBusy):
    """The register is elsewhere and cannot be reached now; nothing was taken, try again later."""


class LogDamaged(RegistryError):
    """The log is broken elsewhere than in a torn tail: a flipped bit, a missing segment, a wrong order."""

    def __init__(
        self, reason: str, *, segment: int | None = None, offset: int | None = None
    ) -> None:
        where = "" if segment is None else f"segment {segment}"
        where += "" if offset is None else f", offset {offset}"
        super().__init__(f"{where}: {reason}" if where else reason)
        self.reason = reason
        self.segment = segment
        self.offset = offset


class DataDirectoryInUse(RegistryError):
    """Another process holds the data directory's lock."""


class UnknownEngine(RegistryError):
    """No engine has this name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"There is no register engine {name!r}; there are: {', '.join(known)}")
