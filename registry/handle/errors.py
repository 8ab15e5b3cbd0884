"""Describes what is wrong with a handle or a value, and the root of everything that is raised about identifiers."""


class RegistryError(Exception):
    """Root of everything that the register raises on purpose."""


class InvalidHandle(RegistryError):
    """The bytes are no handle: empty, too long, not UTF-8, or without a suffix where one is needed."""


class InvalidValue(RegistryError):
    """A handle value breaks the data model: index, type, size, permissions or packing."""


class IndexNotPositive(InvalidValue):
    """A value to be stored carries an index below one."""


class Refused(RegistryError):
    """Root of the reasons for which one mutation is refused; nothing of it is logged or applied."""


class IndexConflict(Refused):
    """Two values share an index: within one request, or with the stored record."""

    def __init__(self, index: int) -> None:
        super().__init__(f"Index conflict for {index}")
        self.index = index


class RecordTooLarge(Refused):
    """The record would exceed the limits on values or bytes."""
