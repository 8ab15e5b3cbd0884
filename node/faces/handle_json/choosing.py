"""Choosing one of several locations for a visitor (handle-http-api.md §9 item 7).

The steps of ``chooseby`` narrow the locations one after another until one is left; the last choice is by weight.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final

from idnode.registry.handle.lenient_xml import Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Location = Tag
"""A ``location``, as its tag."""

STEPS_DEFAULT: Final = ("locatt", "address", "country", "score", "weighted")

_CONNEG: Final = "conneg"
_HTML: Final = "text/html"
_BROWSER_TYPES: Final = frozenset(
    {
        _HTML,
        "text/xhtml",
        "application/xhtml+xml",
        "application/pdf",
        "application/vnd.wap.xhtml+xml",
        "text/vnd.wap.wml",
    }
)
_BROWSER_MEDIA: Final = ("image/", "audio/", "video/")
_BROWSERS: Final = ("mozilla/", "opera/")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Parts of a request on which a choice may depend: parameters, headers, and the address it came from."""

    wanted: tuple[str, ...] = ()
    """Attributes asked for, as ``key:value``, or as ``key`` for whatever has it."""
    country: str = ""
    address: str = ""
    random: Random = field(default_factory=Random)


def negotiates(locations: Sequence[Location]) -> bool:
    """Return whether the choice depends on the ``Accept`` header."""
    return any(_CONNEG in location.attributes.get("http_role", "") for location in locations)


def wanted_by_headers(accept: str, language: str, agent: str, *, metadata: bool) -> list[str]:
    """Return the attributes that the headers of a request ask for, as ``locatt`` would.

    Programs that ask for other media than a browser's negotiate; ``metadata`` says that the role is given already.
    """
    accepted = _by_quality(accept)
    role, wanted = "browser", []
    if all(media == "*/*" for media, _quality in accepted):
        is_browser = agent.strip().lower().startswith(_BROWSERS)
        role = "browser" if is_browser else "no_conneg"
        media = [_HTML] if is_browser else []
    else:
        best = max(quality for _media, quality in accepted)
        for_browsers = max((q for media, q in accepted if _is_for_browsers(media)), default=0.0)
        if for_browsers < best:
            role = _CONNEG
            names = [name for name, _quality in accepted]
            stop = next((at for at, name in enumerate(names) if "*" in name), len(names))
            media = names[:stop]
        else:
            media = [_HTML] if {_HTML, "text/*", "*/*"} & {m for m, _q in accepted} else []
    for name in media:
        wanted += [f"ctype:{name}", f"media-type:{name}"]
    wanted += [] if metadata else [f"http_role:{role}"]
    languages = _by_quality(language) if language else []
    return wanted + [f"language:{name}" for name, _quality in languages]


def _by_quality(header: str) -> list[tuple[str, float]]:
    """Return the entries of such a header with their qualities, best first."""
    found = []
    for entry in header.split(","):
        name, *fields = (part.strip() for part in entry.split(";"))
        quality = next((f[2:] for f in fields if f.startswith("q=")), "1")
        found.append((name.lower() or "*/*", _number(quality, 1.0)))
    return sorted(found, key=lambda each: -each[1])


def _is_for_browsers(media: str) -> bool:
    return "*" in media or media in _BROWSER_TYPES or media.startswith(_BROWSER_MEDIA)


def choose(
    locations: Sequence[Location], steps: Sequence[str], visitor: Visitor
) -> Location | None:
    """Return the location for this visitor, or None when there is none at all."""
    left = list(locations)
    for step in steps:
        if len(left) <= 1 or step == "weighted":
            break
        narrow = _STEPS.get(step)
        if narrow is not None:
            left = narrow(left, visitor) or left
    if len(left) > 1:
        left = _weighted(left, visitor)
    return left[0] if left else None


def _by_attribute(left: list[Location], visitor: Visitor) -> list[Location]:
    for text in visitor.wanted:
        key, colon, value = text.partition(":")
        has = [loc for loc in left if key.strip() in loc.attributes]
        if colon:
            has = [loc for loc in has if loc.attributes[key.strip()] == value]
        left = has or left
    return left


def _by_country(left: list[Location], visitor: Visitor) -> list[Location]:
    wanted = visitor.country.lower()
    if not wanted:
        return []
    return [loc for loc in left if loc.attributes.get("country", "").strip().lower() == wanted]


def _by_address(left: list[Location], visitor: Visitor) -> list[Location]:
    try:
        address = ipaddress.ip_address(visitor.address)
    except ValueError:
        return []
    return [loc for loc in left if _covers(loc.attributes.get("addresses", ""), address)]


def _covers(networks: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    for text in networks.replace(",", " ").split():
        try:
            if address in ipaddress.ip_network(text, strict=False):
                return True
        except ValueError:
            continue
    return False


def _number(text: str | None, otherwise: float) -> float:
    """Return a number, ``otherwise`` for text that is none; what is not finite counts as nothing."""
    try:
        number = otherwise if text is None or "_" in text else float(text)
    except ValueError:
        return otherwise
    return number if math.isfinite(number) else 0.0


def _by_score(left: list[Location], _visitor: Visitor) -> list[Location]:
    scores = [_number(location.attributes.get("score"), 0.0) for location in left]
    best = max(0.0, *scores)  # like the original, which finds nothing where all are below zero
    return [loc for loc, score in zip(left, scores, strict=True) if score == best]


def _weighted(left: list[Location], visitor: Visitor) -> list[Location]:
    weights = [max(_number(location.attributes.get("weight"), 1.0), 0.0) for location in left]
    if not 0.0 < sum(weights) < math.inf:
        return [visitor.random.choice(left)]
    return visitor.random.choices(left, weights)


_STEPS: Final[dict[str, Callable[[list[Location], Visitor], list[Location]]]] = {
    "locatt": _by_attribute,
    "country": _by_country,
    "address": _by_address,
    "score": _by_score,
}
