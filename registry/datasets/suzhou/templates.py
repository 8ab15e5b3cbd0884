"""Templates: which attributes an identifier's record has, for each industry and size of record.

A template is known by its version, which each record carries as the value of type TEMPLATE at index 1001
(snms-api.md §5).
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Final

from idnode.registry.datasets.suzhou.escaping import escaped_list
from idnode.registry.datasets.suzhou.industries import (
    ATTRIBUTE_INDEX,
    SMALL_ATTRIBUTES,
    Attribute,
    Industry,
    Pick,
)

ADMIN_INDEX: Final = 100
TEMPLATE_INDEX: Final = 1001
RICH_TYPE: Final = "attributes"


class Size(IntEnum):
    """Describes how much a record tells."""

    SMALL = 0
    STANDARD = 1
    FULL = 2
    RICH = 3


SHARES: Final = {Size.SMALL: 30, Size.STANDARD: 60, Size.FULL: 9, Size.RICH: 1}
"""Percent of identifiers with a record of each size (suzhou.md §3)."""


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """The attributes of one size of record in one industry; the first has index 2000, and so on."""

    industry: Industry
    size: Size
    version: str
    attributes: tuple[Attribute, ...]

    def index(self, attribute: Attribute) -> int:
        """Return the index at which an attribute's value stands."""
        if attribute.value_type == RICH_TYPE:
            return ATTRIBUTE_INDEX + len(self.industry.attributes)
        return ATTRIBUTE_INDEX + self.attributes.index(attribute)


@cache
def templates(industry: Industry) -> tuple[Template, ...]:
    """Return the four templates of an industry, in the order of `Size`."""
    attributes = industry.attributes
    standard = attributes[: industry.standard]
    rich = Attribute("扩展属性", RICH_TYPE, Pick(rich_texts(industry)))
    listed = {
        Size.SMALL: attributes[:SMALL_ATTRIBUTES],
        Size.STANDARD: standard,
        Size.FULL: attributes,
        Size.RICH: (*standard, rich),
    }
    return tuple(
        Template(industry, size, f"{industry.code}-{size.name.lower()}", listed[size])
        for size in Size
    )


@cache
def rich_texts(industry: Industry) -> tuple[str, ...]:
    """Return large values of 1 to 3 kB: base64 of an escaped JSON list of names and values.

    That is what pages of real nodes carry (suzhou.md §3).
    """
    names = [attribute.name for attribute in industry.attributes]
    return tuple(
        escaped_list(
            [(name, f"{industry.trade}-{edition:02d}-{at:02d}") for at, name in enumerate(names)],
            count=9 + edition,
        )
        for edition in range(8)
    )
