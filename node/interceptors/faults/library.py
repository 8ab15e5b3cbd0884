"""The traps: faults with a name that real systems have, off until somebody switches them on."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from idnode.node.interceptors.faults.fault import FaultsInvalid, read_faults

if TYPE_CHECKING:
    from idnode.node.interceptors.faults.fault import Fault

_TRAPS: Final = Path(__file__).with_name("traps.toml")


@cache
def traps() -> dict[str, Fault]:
    """Return the traps by name."""
    with _TRAPS.open("rb") as file:
        found = read_faults(tomllib.load(file))
    return {trap.name: trap.model_copy(update={"on": False}) for trap in found}


def read_file(path: Path) -> list[Fault]:
    """Return the faults of a TOML file.

    Raises:
        FaultsInvalid: It cannot be read, or describes no faults.

    """
    try:
        with path.open("rb") as file:
            return read_faults(tomllib.load(file))
    except OSError as error:
        raise FaultsInvalid(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FaultsInvalid(f"{path}: {error}") from error
