"""Describes what may be wrong with the directory, beside what its users do wrong."""

from idnode.registry.handle.errors import RegistryError


class DirectoryError(RegistryError):
    """Root of what the directory raises on purpose."""


class DirectoryUnavailable(DirectoryError):
    """The database refused: locked by somebody else, full, unreachable. Nothing was changed."""


class DirectoryBusy(DirectoryError):
    """Too much work waits for the directory already; nothing was done, try again later."""


class SchemaTooNew(DirectoryError):
    """The database was written by a later version of this software."""
