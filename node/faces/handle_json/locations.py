"""Choosing among several locations: values of type ``10320/loc`` (handle-http-api.md §9 item 7).

A value is a small XML document, ``<locations chooseby="…"><location href="…" …/></locations>``. The steps
of ``chooseby`` narrow the locations one after another until one is left.
"""

import ipaddress
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final
from urllib.parse import quote
from xml.parsers import expat

TYPE: Final = b"10320/LOC"
"""The folded value type."""

_CHOOSE_BY_DEFAULT: Final = "locatt,address,country,score,weighted"
_CONNEG: Final = "conneg"

Location = dict[str, str]
"""The attributes of one ``location`` element."""


@dataclass(frozen=True, slots=True)
class Locations:
    """The locations of one value, in document order, and the steps to choose by."""

    locations: tuple[Location, ...]
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Visitor:
    """Holds what a choice may depend on: parameters of the request and the address it came from."""

    wanted: tuple[tuple[str, str], ...] = ()
    """Attributes asked for by ``locatt=key:value``."""
    country: str = ""
    address: str = ""
    accept: str = ""
    random: Random = field(default_factory=Random)


class NoLocations(Exception):
    """The data is no XML document of locations."""


def parse_locations(data: bytes) -> Locations:
    """Return the locations of a ``10320/loc`` value.

    Raises:
        NoLocations: Not well-formed XML, or a document type (entities are refused, not expanded).

    """
    found: list[Location] = []
    steps: list[str] = []

    def started(name: str, attributes: dict[str, str]) -> None:
        if name == "locations":
            order = attributes.get("choose_by") or attributes.get("chooseby")
            steps.extend(step.strip() for step in (order or _CHOOSE_BY_DEFAULT).split(","))
        elif name == "location" and ("href" in attributes or "href_template" in attributes):
            found.append(attributes)

    def refused(*_: object) -> None:
        raise NoLocations("Document types are refused")

    parser = expat.ParserCreate()
    parser.StartElementHandler = started
    parser.StartDoctypeDeclHandler = refused
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError) as error:
        raise NoLocations(str(error)) from error
    return Locations(tuple(found), tuple(steps))


def choose(locations: Locations, visitor: Visitor) -> Location | None:
    """Return the location for this visitor, or None when there is none at all."""
    left = _negotiated(list(locations.locations), visitor)
    for step in locations.steps:
        if len(left) <= 1:
            break
        narrow = _STEPS.get(step)
        if narrow is not None:
            left = narrow(left, visitor) or left
    if len(left) > 1:
        left = _weighted(left, visitor)
    return left[0] if left else None


def negotiates(locations: Locations) -> bool:
    """Return whether the choice depends on the ``Accept`` header."""
    return any(location.get("http_role") == _CONNEG for location in locations.locations)


def url_of(location: Location, handle: str) -> str:
    """Return where a location points; only the template attribute knows placeholders."""
    template = location.get("href_template")
    if template is None:
        return location["href"]
    whole = template.replace("{hdl:path}", quote(handle, safe="/"))
    return whole.replace("{hdl}", quote(handle, safe=""))


def _negotiated(left: list[Location], visitor: Visitor) -> list[Location]:
    offered = [location for location in left if location.get("http_role") == _CONNEG]
    if not offered:
        return left
    accepted = {part.split(";")[0].strip().lower() for part in visitor.accept.split(",")}
    fitting = [loc for loc in offered if loc.get("media_type", "").lower() in accepted]
    return fitting or [loc for loc in left if loc.get("http_role") != _CONNEG] or left


def _by_attribute(left: list[Location], visitor: Visitor) -> list[Location]:
    for key, value in visitor.wanted:
        left = [loc for loc in left if loc.get(key) == value] or left
    return left


def _by_country(left: list[Location], visitor: Visitor) -> list[Location]:
    wanted = visitor.country.lower()
    return [loc for loc in left if wanted and loc.get("country", "").lower() == wanted]


def _by_address(left: list[Location], visitor: Visitor) -> list[Location]:
    try:
        address = ipaddress.ip_address(visitor.address)
    except ValueError:
        return []
    return [loc for loc in left if _covers(loc.get("addresses", ""), address)]


def _covers(networks: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    for text in networks.replace(",", " ").split():
        try:
            if address in ipaddress.ip_network(text, strict=False):
                return True
        except ValueError:
            continue
    return False


def _number(location: Location, name: str, otherwise: float) -> float:
    try:
        number = float(location.get(name, otherwise))
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def _by_score(left: list[Location], _visitor: Visitor) -> list[Location]:
    best = max(_number(location, "score", 0.0) for location in left)
    return [location for location in left if _number(location, "score", 0.0) == best]


def _weighted(left: list[Location], visitor: Visitor) -> list[Location]:
    weights = [max(_number(location, "weight", 1.0), 0.0) for location in left]
    if not 0.0 < sum(weights) < math.inf:
        return [visitor.random.choice(left)]
    return visitor.random.choices(left, weights)


_STEPS: Final[dict[str, Callable[[list[Location], Visitor], list[Location]]]] = {
    "locatt": _by_attribute,
    "country": _by_country,
    "address": _by_address,
    "score": _by_score,
    "weighted": _weighted,
}
