"""Codes of the national standards: industries (GB/T 4754) and regions (GB/T 2260).

Only the structure is checked: a division lies in its section's range, a group starts with its division, a
class with its group; a region has six digits, and a city lies in its province (secondary-node-functions.md
§§3.3 and 3.4).
"""

import re
from typing import Final

from idnode.node.service.directory.refusals import FieldRefused

SECTIONS: Final = {
    "A": range(1, 6),
    "B": range(6, 13),
    "C": range(13, 44),
    "D": range(44, 47),
    "E": range(47, 51),
    "F": range(51, 53),
    "G": range(53, 61),
    "H": range(61, 63),
    "I": range(63, 66),
    "J": range(66, 70),
    "K": range(70, 71),
    "L": range(71, 73),
    "M": range(73, 76),
    "N": range(76, 80),
    "O": range(80, 83),
    "P": range(83, 84),
    "Q": range(84, 86),
    "R": range(86, 91),
    "S": range(91, 97),
    "T": range(97, 98),
}
"""Section letter → its divisions."""

_DIGITS: Final = re.compile(r"[0-9]+")
_REGION: Final = re.compile(r"[1-9][0-9]{5}(?:[0-9]{2})?")


def check_industry(
    category: str,
    specific: str,
    trade: str | None = None,
    subclass: str | None = None,
    *,
    within: str = "",
) -> None:
    """Insist on codes that belong together; ``within`` is what their names begin with on the wire.

    Raises:
        FieldRefused: The first that does not fit what stands before it.

    """
    divisions = SECTIONS.get(category)
    if divisions is None:
        raise FieldRefused(f"{within}industryCategory", category, "GB/T 4754门类字母A至T")
    if not _is_code(specific, 2) or int(specific) not in divisions:
        raise FieldRefused(
            f"{within}industrySpecific", specific, f"门类{category}的两位大类代码{_span(divisions)}"
        )
    if trade is not None and not (_is_code(trade, 3) and trade.startswith(specific)):
        raise FieldRefused(f"{within}industryTrade", trade, f"以{specific}开头的三位中类代码")
    if subclass is not None and not (
        _is_code(subclass, 4) and subclass.startswith(trade or specific)
    ):
        wanted = f"以{trade or specific}开头的四位小类代码"
        raise FieldRefused(f"{within}industrySubclass", subclass, wanted)


def check_region(province: str, city: str, county: str | None, field: str) -> None:
    """Insist on region codes that lie in each other; ``field`` is what their names start with.

    Raises:
        FieldRefused: The first that does not fit what stands before it.

    """
    if not _REGION.fullmatch(province):
        raise FieldRefused(f"{field}Province", province, "GB/T 2260六位省级代码，如320000")
    if not _REGION.fullmatch(city) or city[:2] != province[:2]:
        raise FieldRefused(f"{field}City", city, f"以{province[:2]}开头的GB/T 2260六位代码")
    if county and (not _REGION.fullmatch(county) or county[:2] != province[:2]):
        raise FieldRefused(f"{field}County", county, f"以{province[:2]}开头的GB/T 2260六位代码")


def _span(divisions: range) -> str:
    return f"{divisions[0]:02d}至{divisions[-1]:02d}"


def _is_code(text: str, digits: int) -> bool:
    return len(text) == digits and _DIGITS.fullmatch(text) is not None
