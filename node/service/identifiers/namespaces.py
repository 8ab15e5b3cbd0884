"""Statements of prefix handles about whole prefixes: their HS_NAMESPACE values.

Such a value is a small document. Its ``<template delimiter="@">`` makes up records for handles that have none
(`idnode.node.service.identifiers.templates`), its ``<locs>`` name handles with locations that every handle of the
prefix has besides its own. What a prefix does not say itself, the prefix above it says, if that is known here.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from idnode.registry.handle import lenient_xml, values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idnode.registry.handle.lenient_xml import Tag

TYPE: Final = b"HS_NAMESPACE"
TEMPLATE: Final = "template"

_LOCATIONS: Final = "locs"
_ALONE: Final = "no_nslocs"

_log = logging.getLogger(__name__)


def namespace_in(packed: bytes, handle: bytes) -> Tag | None:
    """Return the namespace document of a record: of the readable ones that with the lowest index."""
    found = values.unpack(values.select(packed, types=(TYPE,)))
    for value in sorted(found, key=lambda each: each.index):
        if not value.data:
            continue
        try:
            tag = lenient_xml.parse(value.data.decode(errors="replace"))
        except lenient_xml.MalformedMarkup as error:
            _log.warning("HS_NAMESPACE %d of %r cannot be read: %s", value.index, handle, error)
            continue
        if tag is not None:
            return tag
    return None


class Namespaces:
    """The namespaces of the prefixes that are known here, by folded prefix."""

    def __init__(self) -> None:
        self._documents: dict[bytes, Tag] = {}

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self._documents)

    def refresh(self, prefix: bytes, document: Tag | None) -> bool:
        """Take in what a prefix handle says now; return whether that changed anything."""
        if document == self._documents.get(prefix):
            return False
        if document is None:
            del self._documents[prefix]
        else:
            self._documents[prefix] = document
        return True

    def above(self, prefix: bytes) -> Iterator[Tag]:
        """Yield the namespace of a folded prefix, then those of the prefixes above it."""
        while prefix:
            document = self._documents.get(prefix)
            if document is not None:
                yield document
            prefix = prefix.rpartition(b".")[0]

    def delimiter(self, prefix: bytes) -> str:
        """Return what ends the base of a handle whose record is made up; empty if none is."""
        for document in self.above(prefix):
            for template in document.named(TEMPLATE):
                return template.attributes.get("delimiter", "")
        return ""

    def templated(self, prefix: bytes) -> bool:
        """Return whether handles of this folded prefix may have records that are not stored."""
        return bool(self._documents) and self.delimiter(prefix) != ""

    def location_handles(self, prefix: bytes) -> list[str]:
        """Return the handles whose locations every handle of this folded prefix has, too."""
        found: list[str] = []
        for document in self.above(prefix):
            named = document.named(_LOCATIONS)
            found += [tag.text for tag in named]
            if any(tag.flag(_ALONE) for tag in named):
                break
        return found
