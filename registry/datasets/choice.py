"""Names which data set somebody asks for: its name, and perhaps its seed, as in ``suzhou`` or ``suzhou,seed=7``."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from idnode.registry.datasets.suzhou.dataset import Suzhou


class DatasetUnknown(ValueError):
    """The text names no data set."""


def seed_of(text: str) -> int | None:
    """Return the seed in the text, ``None`` when it leaves that to the data set.

    Raises:
        DatasetUnknown: It names no data set.

    """
    name, comma, option = text.partition(",")
    if name != "suzhou":
        raise DatasetUnknown(f"there is no data set {name!r}: expected suzhou or suzhou,seed=N")
    if not comma:
        return None
    key, _, number = option.partition("=")
    if key != "seed" or not (number.isascii() and number.isdigit()) or int(number) >= 1 << 64:
        raise DatasetUnknown(f"{option!r} is no option of a data set: expected seed=N below 2^64")
    return int(number)


def make(text: str) -> "Suzhou":
    """Return the data set that the text names.

    Raises:
        DatasetUnknown: It names none.

    """
    from idnode.registry.datasets.suzhou.dataset import (  # noqa: PLC0415  # a tenth of a second
        SEED,
        Suzhou,
    )

    seed = seed_of(text)
    return Suzhou(SEED if seed is None else seed)
