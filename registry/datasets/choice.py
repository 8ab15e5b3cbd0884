"""Names which data set somebody asks for: ``suzhou``, perhaps its seed, perhaps a part of it.

``suzhou,seed=7`` is another one of the same form; ``suzhou,only=88.901,except=88.901.3+88.901.4`` is what a node of a tree
serves, by prefixes of secondary nodes and of enterprises.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from idnode.registry.datasets.suzhou.dataset import Suzhou
    from idnode.registry.datasets.suzhou.share import Share


class DatasetUnknown(ValueError):
    """The text names no data set."""


class Choice(NamedTuple):
    """Holds what a text says: the seed, None when it leaves that to the data set, and which part, if not all."""

    seed: int | None = None
    only: frozenset[bytes] | None = None
    without: frozenset[bytes] = frozenset()


def choice_of(text: str) -> Choice:
    """Return what the text says.

    Raises:
        DatasetUnknown: It names no data set.

    """
    name, *options = text.split(",")
    if name != "suzhou":
        raise DatasetUnknown(f"there is no data set {name!r}: expected suzhou or suzhou,seed=N")
    choice = Choice()
    for option in options:
        key, _, value = option.partition("=")
        if key == "seed" and value.isascii() and value.isdigit() and int(value) < 1 << 64:
            choice = choice._replace(seed=int(value))
        elif key == "only" and value:
            choice = choice._replace(only=_prefixes(value))
        elif key == "except" and value:
            choice = choice._replace(without=_prefixes(value))
        else:
            raise DatasetUnknown(
                f"{option!r} is no option of a data set: expected seed=N below 2^64, only=PREFIX+… "
                "or except=PREFIX+…"
            )
    return choice


def seed_of(text: str) -> int | None:
    """Return the seed in the text, ``None`` when it leaves that to the data set.

    Raises:
        DatasetUnknown: It names no data set.

    """
    return choice_of(text).seed


def make(text: str) -> "Suzhou":
    """Return the whole data set that the text names, the same object for the same seed.

    Raises:
        DatasetUnknown: It names none.

    """
    return _whole(seed_of(text))


def make_share(text: str) -> "Suzhou | Share":
    """Return the data set that the text names, or the part of it.

    Raises:
        DatasetUnknown: It names none.

    """
    return _share(choice_of(text))


@lru_cache(maxsize=64)
def _share(choice: Choice) -> "Suzhou | Share":
    if choice.only is None:
        return _whole(choice.seed)
    from idnode.registry.datasets.suzhou.share import Share  # noqa: PLC0415  # as below

    return Share(_whole(choice.seed), choice.only, choice.without)


@lru_cache(maxsize=2)
def _whole(seed: int | None) -> "Suzhou":
    from idnode.registry.datasets.suzhou.dataset import (  # noqa: PLC0415  # a tenth of a second
        SEED,
        Suzhou,
    )

    return Suzhou(SEED if seed is None else seed)


def _prefixes(text: str) -> frozenset[bytes]:
    return frozenset(prefix.encode() for prefix in text.split("+") if prefix)
