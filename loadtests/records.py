"""Records to write: as many attributes, of such lengths, as real ones have (suzhou.md §3)."""

from collections.abc import Sequence
from random import Random
from typing import Final

from idnode.clients.bulk import Item

_MIX: Final = ((30, (3, 5)), (60, (10, 16)), (9, (20, 24)), (1, (10, 12)))
"""Percent of the records, and how many attributes they have; the last ones carry a blob beside."""
_FIRST_INDEX: Final = 2000
_DATA_CHARACTERS: Final = (6, 34)
_BLOB_CHARACTERS: Final = (1000, 3000)
_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789-. "

Values = list[tuple[int, str, str]]


def sample_records(chance: Random, count: int = 100) -> list[Values]:
    """Return the values of so many records, in the mix of real ones."""
    return [_record(chance) for _ in range(count)]


def _record(chance: Random) -> Values:
    ((_, (least, most)),) = chance.choices(_MIX, weights=[percent for percent, _ in _MIX])
    values = [
        (_FIRST_INDEX + number, f"attribute{number:02d}", _text(chance, *_DATA_CHARACTERS))
        for number in range(chance.randint(least, most))
    ]
    if (least, most) == _MIX[-1][1]:
        values.append((_FIRST_INDEX + 99, "attributes", _text(chance, *_BLOB_CHARACTERS)))
    return values


def _text(chance: Random, least: int, most: int) -> str:
    return "".join(chance.choices(_ALPHABET, k=chance.randint(least, most)))


def items(handles: Sequence[bytes], records: Sequence[Values], chance: Random) -> list[Item]:
    """Return bulk items that give each handle the values of one of the records."""
    return [[handle.decode(), chance.choice(records)] for handle in handles]
