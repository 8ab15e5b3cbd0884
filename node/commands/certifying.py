"""Keys in files for `idnode sign` and `idnode verify`."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from idnode.node.commands.failure import CommandFailed
from idnode.registry.handle.wire.errors import ProtocolError

Key = TypeVar("Key")


def key_in_file(flag: str, path: Path, read: Callable[[bytes], Key]) -> Key:
    """Return the key in a PEM file that a flag names.

    Raises:
        CommandFailed: It cannot be read, or is neither RSA nor SM2.

    """
    try:
        return read(path.read_bytes())
    except OSError as error:
        raise CommandFailed(f"{flag} {path}: {error.strerror}") from error
    except ProtocolError as error:
        raise CommandFailed(f"{flag} {path}: {error}") from error
