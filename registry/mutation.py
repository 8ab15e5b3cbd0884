"""Describes what may be asked of the register, and what became of it.

A mutation names its handle as spelled by the writer; `registry/embedded/admission.py` decides it against the
register at the moment of serialisation. Value lists are packed (`registry/handle/values.py`) and already carry
their timestamps.
"""

from dataclasses import dataclass

from idnode.registry.handle.errors import RegistryError


@dataclass(slots=True)
class Create:
    """Create a record; with ``overwrite`` an existing one is replaced whole."""

    handle: bytes
    values: bytes
    overwrite: bool = False
    public: bool | None = None
    """Whether everybody may read every value, when the caller knows; ``None`` has the register look."""


@dataclass(slots=True)
class Delete:
    """Delete a record."""

    handle: bytes


@dataclass(slots=True)
class AddValues:
    """Add values to an existing record; with ``overwrite`` values at the same index are replaced."""

    handle: bytes
    values: bytes
    overwrite: bool = False


@dataclass(slots=True)
class ModifyValues:
    """Replace values of an existing record; each index must be there."""

    handle: bytes
    values: bytes


@dataclass(slots=True)
class RemoveValues:
    """Remove the values at these indexes; each index must be there."""

    handle: bytes
    indexes: tuple[int, ...]


Mutation = Create | Delete | AddValues | ModifyValues | RemoveValues


@dataclass(slots=True)
class Applied:
    """A mutation is durable (as far as the policy promises) and visible."""

    replaced: bool
    """Whether an older record, or values at the same indexes, were replaced."""


Outcome = Applied | RegistryError
"""What became of one mutation: applied, or the reason for which it was refused."""
