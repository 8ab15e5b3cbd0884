"""Suffixes: a position among an enterprise's identifiers, as text and back, with a check number.

The text is ``head first join second join serial check``. ``first`` and ``second`` are entries of tables of
equally long texts in ascending order, ``serial`` has a fixed number of digits, so suffixes sort like the
numbers that they stand for. Each extent of ``gap`` numbers holds one identifier, at a place that a keyed hash
chooses; the others were never issued. The check number is that of ISO 7064 MOD 97-10 over the digits and
letters (A = 10 … Z = 35) of the enterprise's prefix and of the suffix before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from idnode.registry.datasets.suzhou.permutation import mix

GAP_MIN: Final = 5
"""Fewest numbers for one identifier: at most every fifth number was issued."""

_MASK: Final = (1 << 64) - 1


def digits_of(text: bytes) -> str:
    """Return the decimal digits that stand for a text: its own, letters as 10 … 35, others left out."""
    return "".join(str(int(chr(byte), 36)) for byte in text if chr(byte).isalnum())


class Column:
    """Equally long texts in ascending order, one of which stands in each suffix."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self.texts = tuple(texts)
        self.places = {text: place for place, text in enumerate(self.texts)}
        self.width = len(self.texts[0])
        self.check_digits = len(digits_of(self.texts[0]))
        """Decimal digits that a text counts for in the check number."""
        self._remainders: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self.texts)

    def remainders(self, digits_behind: int) -> bytes:
        """Return what each text leaves modulo 97, moved left by so many decimal digits."""
        found = self._remainders.get(digits_behind)
        if found is None:
            scale = pow(10, digits_behind, 97)
            found = bytes(int(digits_of(text) or "0") * scale % 97 for text in self.texts)
            self._remainders[digits_behind] = found
        return found


NOTHING: Final = Column((b"",))
"""What stands where nothing stands."""


@dataclass(frozen=True, slots=True)
class Style:
    """Describes how an enterprise writes its suffixes.

    ``day_column`` is the column that holds days: 1 the first, 2 the second, 0 none of them.
    """

    head: bytes
    first: Column
    second: Column = NOTHING
    join_first: bytes = b""
    join_second: bytes = b""
    digits_min: int = 4
    day_column: int = 0


def check_number(remainder: int) -> int:
    """Return the check number (2 … 98) behind digits that leave this remainder modulo 97."""
    return 98 - remainder * 100 % 97


class Suffixes:
    """The suffixes of one enterprise, by position 0 … ``volume`` - 1 in ascending order."""

    __slots__ = (
        *("_after_first", "_after_second", "checked", "first_remainders", "key"),
        *("digits", "gap", "length", "second_remainders", "span", "style", "volume"),
    )

    def __init__(self, prefix: bytes, style: Style, volume: int, key: int) -> None:
        first, second = style.first, style.second
        combinations = len(first) * len(second)
        digits = style.digits_min
        while combinations * 10**digits < GAP_MIN * volume:
            digits += 1
        self.volume = volume
        self.digits = digits
        self.span = 10**digits
        self.gap = combinations * self.span // volume
        self.style = style
        self.key = key
        self.first_remainders = first.remainders(second.check_digits + digits)
        self.second_remainders = second.remainders(digits)
        behind = first.check_digits + second.check_digits + digits
        self.checked = int(digits_of(prefix + style.head)) * pow(10, behind, 97) % 97
        self._after_first = len(style.head) + first.width
        self._after_second = self._after_first + len(style.join_first) + second.width
        self.length = self._after_second + len(style.join_second) + digits + 2

    def fields(self, position: int) -> tuple[int, int, int]:
        """Return the places in the first and the second column, and the serial, at a position."""
        number = position * self.gap + mix(position + self.key & _MASK) % self.gap
        places, serial = divmod(number, self.span)
        first, second = divmod(places, len(self.style.second))
        return first, second, serial

    def write(self, first: int, second: int, serial: int) -> bytes:
        """Return the text of fields."""
        style = self.style
        remainder = (
            self.checked + self.first_remainders[first] + self.second_remainders[second] + serial
        ) % 97
        return b"%b%b%b%b%b%0*d%02d" % (
            style.head,
            style.first.texts[first],
            style.join_first,
            style.second.texts[second],
            style.join_second,
            self.digits,
            serial,
            check_number(remainder),
        )

    def suffix(self, position: int) -> bytes:
        """Return the suffix at a position."""
        return self.write(*self.fields(position))

    def position(self, suffix: bytes) -> int:
        """Return the position of a folded suffix, -1 when it was never issued."""
        style = self.style
        head = len(style.head)
        if len(suffix) != self.length or not suffix.startswith(style.head):
            return -1
        first = style.first.places.get(suffix[head : self._after_first])
        start = self._after_first + len(style.join_first)
        second = style.second.places.get(suffix[start : self._after_second])
        digits = suffix[-2 - self.digits :]
        if first is None or second is None or not digits.isdigit():
            return -1
        serial = int(digits[:-2])
        position = ((first * len(style.second) + second) * self.span + serial) // self.gap
        if position >= self.volume or self.fields(position) != (first, second, serial):
            return -1
        return position if self.write(first, second, serial) == suffix else -1

    def day(self, position: int) -> int | None:
        """Return which day the suffix at a position names, ``None`` when it names none."""
        first, second, _serial = self.fields(position)
        return (None, first, second)[self.style.day_column]
