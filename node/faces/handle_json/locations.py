"""The places that a record leads to, gathered as the original proxy does (handle-http-api.md §9 item 7).

Where a record has a value ``10320/loc``, or its prefix's namespace names handles with locations, they all compete:
first the locations of the record and of what these include, then its URL values (``mode="legacy"``), which weigh
nothing beside locations unless ``urlWeight`` says so, last those of the namespace. Otherwise the first URL value
wins. What both ``action=showurls`` and the redirect use is the same list.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from idnode.node.faces.handle_json.choosing import STEPS_DEFAULT, Location
from idnode.node.service.identifiers.namespaces import namespace_in
from idnode.registry.handle import lenient_xml, names, values
from idnode.registry.handle.lenient_xml import MalformedMarkup, Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from idnode.registry.handle.model import HandleValue

INCLUDES_MAX: Final = 100
"""Most handles whose locations one record may take in."""

DEPTH_MAX: Final = 20
"""Longest chain of includes, as in the original."""

_LOCATIONS: Final = "10320/LOC"
_BESIDE: Final = ("10320/LINKS", "10320/HEADERS")
_URL: Final = "URL"
_OLD_URL: Final = "0.TYPE/URL"
_NAMES: Final = frozenset({"location", "loc_template"})
_ROOT: Final = "locations"

_log = logging.getLogger(__name__)


class UnreadableLocations(Exception):
    """A value of type 10320/loc cannot be read; the message says which and why."""


@dataclass(slots=True)
class Places:
    """Places that a record may lead to, in the order in which they are shown."""

    locations: list[Location] = field(default_factory=list)
    documents: list[Tag] = field(default_factory=list)
    """The documents that may say how to choose, the record's own first."""
    legacy_only: bool = False
    """Whether there are only URL values, the first of which wins."""
    overlooked: str = ""
    """What is to be said of a value whose locations are not where they are looked for."""

    def setting(self, *attributes: str) -> str | None:
        """Return the first of these attributes that a document has, one attribute after the other."""
        for attribute in attributes:
            for document in self.documents:
                if attribute in document.attributes:
                    return document.attributes[attribute]
        return None

    @property
    def steps(self) -> Sequence[str]:
        """The steps to choose by."""
        text = self.setting("choose_by", "chooseby")
        return STEPS_DEFAULT if text is None else [s.strip().lower() for s in text.split(",")]

    def xml(self, handle: str) -> bytes:
        """Return the document that ``action=showurls`` shows."""
        name = self.documents[0].name if self.documents and not self.legacy_only else _ROOT
        shown = [_with_address(location, handle) for location in self.locations]
        return lenient_xml.write(Tag(name, tags=shown)).encode(errors="replace")


@dataclass(slots=True)
class _Settings:
    """Attributes of the documents that count for the whole list: the first to say something is heard."""

    no_namespace: bool | None = None
    no_urls: bool | None = None
    url_weight: str | None = None
    subtype_weight: str | None = None
    prefixes: list[str] = field(default_factory=list)

    def hear(self, documents: Iterable[Tag]) -> None:
        for document in documents:
            found = document.attributes
            if self.no_namespace is None:
                self.no_namespace = document.flag("no_nslocs")
            if self.no_urls is None:
                self.no_urls = document.flag("no_legacy")
            self.url_weight = self.url_weight or _weight(found.get("urlWeight"))
            self.subtype_weight = self.subtype_weight or _weight(found.get("urlSubtypeWeight"))
            self.prefixes += [found["overridePrefix"]] if "overridePrefix" in found else []


class Gathering:
    """Gathers the places of one record.

    ``read`` returns the packed values of another handle as everybody may read them, None when there are none;
    ``namespace`` are the handles that the namespaces of the record's prefix name.
    """

    def __init__(self, read: Callable[[bytes], bytes | None], namespace: Sequence[str]) -> None:
        self._read = read
        self._namespace = namespace
        self._read_handles = 0

    def places(self, found: Sequence[HandleValue]) -> Places:
        """Return the places that these values of the record lead to.

        Raises:
            UnreadableLocations: A value of the record itself cannot be read.

        """
        documents = [(value, _document(value)) for value in found if has_type(value, _LOCATIONS)]
        own = [tag for _, document in documents for tag in document]
        overlooked = next((said for each in documents if (said := _overlooked(*each))), "")
        locates = any(has_type(value, _LOCATIONS, *_BESIDE) for value in found)
        settings = _Settings()
        settings.hear(own)
        places = Places(_locations_in(own), list(own), overlooked=overlooked)
        self._include(own, places.locations, settings, 0)
        shared = [] if settings.no_namespace else self._shared(own, settings)
        from_namespace = _locations_in(shared)
        settings.hear(shared)
        self._include(shared, from_namespace, settings, 0)
        if not locates and not from_namespace:
            return Places(_first_urls(found), legacy_only=True, overlooked=overlooked)
        if not settings.no_urls:
            places.locations += _urls(found, settings, alone=not own)
        places.locations += from_namespace
        places.documents += shared
        return places

    def _shared(self, own: list[Tag], settings: _Settings) -> list[Tag]:
        """Return the documents that the namespace names, or that these documents name in its place."""
        if settings.prefixes:
            return self._of_namespaces(settings.prefixes)
        named = self._namespace or [
            tag.attributes["nshdl"] for tag in own if "nshdl" in tag.attributes
        ]
        return self._of_handles(named)

    def _include(
        self, documents: list[Tag], into: list[Location], settings: _Settings, depth: int
    ) -> None:
        """Add the locations that documents include, and those that the included ones do."""
        if depth > DEPTH_MAX:
            _log.warning("locations include one another more than %d deep", DEPTH_MAX)
            return
        found: list[Tag] = []
        for document in documents:
            found += self._of_namespaces(_named(document, "includeNamespace"))
            found += self._of_handles(_named(document, "include"))
        if found:
            into += _locations_in(found)
            settings.hear(found)
            self._include(found, into, settings, depth + 1)

    def _of_namespaces(self, prefixes: Iterable[str]) -> list[Tag]:
        found: list[Tag] = []
        for prefix in prefixes:
            packed = self._values(prefix)
            namespace = None if packed is None else namespace_in(packed, prefix.encode())
            named = [] if namespace is None else [tag.text for tag in namespace.named("locs")]
            found += self._of_handles(named)
        return found

    def _of_handles(self, handles: Iterable[str]) -> list[Tag]:
        """Return the location documents of other handles; what cannot be read there is logged and left out."""
        found: list[Tag] = []
        for handle in handles:
            packed = self._values(handle)
            for value in () if packed is None else values.unpack(packed):
                if not has_type(value, _LOCATIONS):
                    continue
                try:
                    found += _document(value)
                except UnreadableLocations as error:
                    _log.warning("locations included from %r: %s", handle, error)
        return found

    def _values(self, handle: str) -> bytes | None:
        self._read_handles += 1
        if self._read_handles > INCLUDES_MAX:
            return None
        return self._read(handle.encode(errors="replace"))


def address_of(location: Location, handle: str) -> str | None:
    """Return where a location points, None when it does not say; only the template knows placeholders."""
    href = location.attributes.get("href")
    template = location.attributes.get("href_template")
    if href is not None or template is None:
        return href
    whole = template.replace("{hdl}", quote(handle, safe=""))
    return whole.replace("{hdl:path}", quote(handle, safe="/"))


def has_type(value: HandleValue, *folded: str) -> bool:
    """Return whether a value is of one of these folded types, or of one below it."""
    found = names.fold(value.type.encode(errors="replace")).decode()
    return any(found == each or found.startswith(each + ".") for each in folded)


def _document(value: HandleValue) -> list[Tag]:
    """Return the document in a value, in a list that is empty when there is no tag in it."""
    try:
        tag = lenient_xml.parse(value.data.decode(errors="replace"))
    except MalformedMarkup as error:
        raise UnreadableLocations(f"Value {value.index} cannot be read: {error}") from error
    return [] if tag is None else [tag]


def _locations_in(documents: Iterable[Tag]) -> list[Location]:
    return [tag for document in documents for tag in document.tags if tag.name.lower() in _NAMES]


def _overlooked(value: HandleValue, document: list[Tag]) -> str:
    """Return what is to be said of a document that may mean locations, none of which count."""
    if _locations_in(document) or not value.data.strip():
        return ""
    if not document:
        return f"Value {value.index} holds no locations"
    (root,) = document
    remaining = list(root.tags)
    while remaining:
        tag = remaining.pop()
        if tag.name.lower() in _NAMES:
            return f"Value {value.index} has its locations deeper in <{root.name}> than they count"
        remaining += tag.tags
    return "" if root.name.lower() == _ROOT else f"Value {value.index} is no <{_ROOT}>"


def _named(document: Tag, name: str) -> list[str]:
    """Return what an attribute and the tags of the same name say."""
    attribute = document.attributes.get(name)
    own = [] if attribute is None else [attribute]
    return own + [tag.text for tag in document.named(name)]


def _with_address(location: Location, handle: str) -> Location:
    address = address_of(location, handle)
    if address is None or "href" in location.attributes:
        return location
    return Tag(location.name, location.attributes | {"href": address}, location.text, location.tags)


def _weight(text: str | None) -> str | None:
    """Return a weight in the form in which it is shown; text that is no number weighs nothing."""
    if text is None:
        return None
    try:
        return str(float(text.replace("_", "x")))
    except ValueError:
        return "0.0"


def _legacy(value: HandleValue, weight: str) -> Location:
    href = value.data.decode(errors="replace").strip()
    return Tag("location", {"mode": "legacy", "weight": weight, "href": href})


def _urls(found: Sequence[HandleValue], settings: _Settings, *, alone: bool) -> list[Location]:
    """Return the URL values as locations; those of types below URL weigh as URL where there is none of it."""
    weight = settings.url_weight or ("1.0" if alone else "0.0")
    plain = {id(value) for value in found if value.type.upper() == _URL}
    below = (settings.subtype_weight or "0.0") if plain else weight
    return [
        _legacy(value, weight if id(value) in plain or not plain else below)
        for value in found
        if has_type(value, _URL)
    ]


def _first_urls(found: Sequence[HandleValue]) -> list[Location]:
    """Return the values of type URL, or if there is none those of types below, of which the first counts."""
    plain = [value for value in found if value.type.upper() in {_URL, _OLD_URL}]
    shown = plain or [value for value in found if has_type(value, _URL, _OLD_URL)]
    return [_legacy(value, "0.0" if at else "1.0") for at, value in enumerate(shown)]
