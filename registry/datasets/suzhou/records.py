"""Records: the packed values of an identifier, from its enterprise's template and its position.

A template is compiled into steps once. A step is a piece of constant bytes followed by something that depends
on the identifier: an entry of a table of ready values by chance or by day, the own suffix, or a related
identifier. So making a record is looking up and joining, and a step is easy to carry out in any language.
"""

import struct
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import blake2b
from itertools import product
from typing import Final, NamedTuple

from idnode.registry.datasets.suzhou.enterprises import DAYS, Enterprise, days
from idnode.registry.datasets.suzhou.industries import (
    ATTRIBUTE_INDEX,
    Attribute,
    Day,
    Measure,
    OfEnterprise,
    Own,
    Pick,
    Related,
)
from idnode.registry.datasets.suzhou.suffixes import Suffixes
from idnode.registry.datasets.suzhou.templates import (
    ADMIN_INDEX,
    SHARES,
    TEMPLATE_INDEX,
    Size,
    Template,
    templates,
)
from idnode.registry.handle.names import PREFIX_HANDLE_START
from idnode.registry.handle.values import EMPTY, pack_value

TIMESTAMP: Final = 1_634_688_000
"""Epoch seconds of 2021-10-20, the day of the count: when each value was written."""

BY_CHANCE, BY_DAY, SUFFIX, RELATED = range(4)
"""What follows the constant bytes of a step."""

SIZE_WORD: Final = 0
DAY_WORD: Final = 31
"""Words of chance, of 16 bits, that choose the size of the record and a day that the suffix does not name."""

_RIGHTS: Final = 0x07F3
"""All rights on a record but those on prefixes and listing (handle-protocol.md §3.3)."""

_words = struct.Struct("<32H").unpack
_position = struct.Struct("<Q").pack
_count = struct.Struct(">I").pack
_handle_and_index = struct.Struct(">I").pack
SIZE_BOUNDS: Final = tuple(
    -(-65536 * sum(share for size, share in SHARES.items() if size <= upto) // 100) for upto in Size
)
"""A word below the first bound makes a small record, below the second a standard one, and so on."""


class Step(NamedTuple):
    """Constant bytes, and what follows: its kind, a table of values, the word or count that goes with it."""

    before: bytes
    kind: int
    table: Sequence[bytes]
    number: int


class Plan(NamedTuple):
    """A compiled template; ``after`` is what follows the last step."""

    steps: tuple[Step, ...]
    after: bytes


class Records:
    """The records of one enterprise, by position."""

    __slots__ = ("_day", "_key", "_prefix", "_suffix", "plans")

    def __init__(self, enterprise: Enterprise, suffixes: Suffixes) -> None:
        self._suffix: Callable[[int], bytes] = suffixes.suffix
        self._day = suffixes.day
        self._key = enterprise.value_key
        self._prefix = enterprise.prefix + b"/"
        self.plans = tuple(
            _compiled(template, enterprise, suffixes.length)
            for template in templates(enterprise.industry)
        )

    def chance(self, position: int) -> tuple[int, ...]:
        """Return the 32 words of chance that belong to a position."""
        return _words(blake2b(self._key + _position(position)).digest())

    def size(self, position: int) -> Size:
        """Return how much the record at a position tells."""
        return size_of(self.chance(position)[SIZE_WORD])

    def values(self, position: int) -> bytes:
        """Return the packed values at a position."""
        words = self.chance(position)
        size = words[SIZE_WORD]
        plan = self.plans[
            0
            if size < SIZE_BOUNDS[0]
            else 1
            if size < SIZE_BOUNDS[1]
            else 2
            if size < SIZE_BOUNDS[2]
            else 3
        ]
        day = self._day(position)
        if day is None:
            day = words[DAY_WORD] * DAYS >> 16
        parts: list[bytes] = []
        for before, kind, table, number in plan.steps:
            parts.append(before)
            if kind == BY_CHANCE:
                parts.append(table[words[number] * len(table) >> 16])
            elif kind == BY_DAY:
                parts.append(table[day])
            elif kind == SUFFIX:
                parts.append(self._suffix(position))
            else:
                parts.append(self._prefix + self._suffix(position - position % number))
        parts.append(plan.after)
        return b"".join(parts)


def size_of(word: int) -> Size:
    """Return the size of record that a word of chance chooses."""
    return next(size for size in Size if word < SIZE_BOUNDS[size])


def value(index: int, value_type: str, data: bytes) -> bytes:
    """Return a packed value of the data set."""
    return pack_value(index, value_type.encode(), data, timestamp=TIMESTAMP)


def admin_data(prefix: bytes) -> bytes:
    """Return the data of an HS_ADMIN value that names the administrators of a prefix."""
    handle = PREFIX_HANDLE_START + prefix
    return b"%b%b%b%b" % (
        _RIGHTS.to_bytes(2, "big"),
        _handle_and_index(len(handle)),
        handle,
        _handle_and_index(200),
    )


def _compiled(template: Template, enterprise: Enterprise, suffix_bytes: int) -> Plan:
    steps: list[Step] = []
    before = b"".join(
        (
            _count(len(template.attributes) + 2),
            _head(enterprise.prefix),
            value(TEMPLATE_INDEX, "TEMPLATE", template.version.encode()),
        )
    )
    for attribute in template.attributes:
        index = template.index(attribute)
        match attribute.source:
            case Pick() | Measure():
                word = 1 + (index - ATTRIBUTE_INDEX) % (DAY_WORD - 1)
                steps.append(Step(before, BY_CHANCE, _chances(attribute, index), word))
                before = b""
            case Day(shift, form):
                steps.append(Step(before, BY_DAY, _days(attribute, index, form, shift), 0))
                before = b""
            case Own(text):
                text = text.format(prefix=enterprise.prefix.decode())
                opened = _opened(index, attribute.value_type, text.encode(), suffix_bytes)
                steps.append(Step(before + opened, SUFFIX, (), 0))
                before = EMPTY
            case Related(count):
                length = len(enterprise.prefix) + 1 + suffix_bytes
                opened = _opened(index, attribute.value_type, b"", length)
                steps.append(Step(before + opened, RELATED, (), count))
                before = EMPTY
            case OfEnterprise(text):
                filled = text.format(name=enterprise.name, prefix=enterprise.prefix.decode())
                before += value(index, attribute.value_type, filled.encode())
    return Plan(tuple(steps), before)


@cache
def _head(prefix: bytes) -> bytes:
    return value(ADMIN_INDEX, "HS_ADMIN", admin_data(prefix))


def _opened(index: int, value_type: str, text: bytes, following: int) -> bytes:
    """Return a value up to its data's first bytes, which ``following`` more bytes and no references follow."""
    whole = value(index, value_type, text + bytes(following))
    return whole[: len(whole) - following - len(EMPTY)]


@cache
def _chances(attribute: Attribute, index: int) -> tuple[bytes, ...]:
    source = attribute.source
    if isinstance(source, Pick):
        texts: Sequence[str] = source.texts
    else:
        assert isinstance(source, Measure)
        pieces = source.pattern.split("#")
        texts = [
            "".join(piece + digit for piece, digit in zip(pieces, (*digits, ""), strict=True))
            for digits in product("0123456789", repeat=len(pieces) - 1)
        ]
    return tuple(value(index, attribute.value_type, text.encode()) for text in texts)


@cache
def _days(attribute: Attribute, index: int, form: str, shift: int) -> tuple[bytes, ...]:
    return tuple(value(index, attribute.value_type, text) for text in days(form, shift))
