"""Markup as the reference server reads it: leniently, and never failing on what a browser would show.

Values of type ``10320/loc`` and HS_NAMESPACE hold small documents that people wrote by hand. The reference
server's reader is no XML parser: attributes may lack quotes or a value, tags may stay open or close in the wrong
order, text before the first tag is skipped, and everything that looks like a tag is one, a declaration included.
Only a text that ends within a tag, or behind an opening tag, is refused.

A closing tag takes in what was opened behind its opening tag and has not been taken in by another one. So a tag
that never closes becomes a sibling of what follows. Whatever is left at the end goes under the first tag.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from typing import Final

TAGS_MAX: Final = 20_000
"""Most tags in one document; a value of the largest size has about as many."""

_NAME_END: Final = re.compile(r"[\s>]")
_TOKEN: Final = re.compile(r"[^\s\"'=<>]+")
_SPACES: Final = re.compile(r"\s+")
_ENTITY: Final = re.compile("&[^;]*;")
_ENTITIES: Final = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'"}
_CODE_POINT: Final = re.compile("&#(?:x([0-9a-f]{1,6})|([0-9]{1,7}));")
_ESCAPED: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_SURROGATES: Final = range(0xD800, 0xE000)
_COMMENT: Final = re.compile(r"!--[^\s>]*\s")
_NO_VALUE: Final = "NULL"
"""Value of an attribute that has none: the reference server's word."""

_TRUE: Final = frozenset({"yes", "true", "1"})


class MalformedMarkup(ValueError):
    """A document ends where more must come; the message says where."""


@dataclass(slots=True)
class Tag:
    """A tag with its attributes, and either text or tags in it."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    tags: list[Tag] = field(default_factory=list)

    def named(self, name: str) -> list[Tag]:
        """Return the tags directly in this one that have this name."""
        return [tag for tag in self.tags if tag.name == name]

    def flag(self, name: str) -> bool | None:
        """Return a truth attribute: ``yes``, ``true`` or ``1``; None when there is none."""
        text = self.attributes.get(name)
        return None if text is None else text.lower() in _TRUE


def parse(text: str) -> Tag | None:
    """Return the outermost tag of a document, None when there is no tag at all.

    Raises:
        MalformedMarkup: The document is broken off, or has more than `TAGS_MAX` tags.

    """
    return _Reader(text).document()


def write(tag: Tag) -> str:
    """Return a tag as text."""
    attributes = "".join(
        f' {escape(name)}="{escape(value)}"' for name, value in tag.attributes.items()
    )
    if tag.tags:
        content = "\n" + "".join(write(each) for each in tag.tags)
    elif tag.text:
        content = escape(tag.text)
    else:
        return f"<{tag.name}{attributes}/>\n"
    return f"<{tag.name}{attributes}>{content}</{tag.name}>\n"


def escape(text: str) -> str:
    """Return text for a document or an attribute; characters beyond Latin-1 become numbers, as in the original."""
    return "".join(_ESCAPED.get(c) or (f"&#{ord(c)};" if c >= "\xff" else c) for c in text)


def _unescape(text: str) -> str:
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(entity: re.Match[str]) -> str:
    """Return what an entity stands for; whatever is none, up to the next semicolon, stays as it is."""
    whole = entity.group()
    folded = whole.lower()
    code = _CODE_POINT.fullmatch(folded)
    if code is None:
        return _ENTITIES.get(folded, whole)
    number = int(code[1], 16) if code[1] else int(code[2])
    return whole if number > sys.maxunicode or number in _SURROGATES else chr(number)


class _Reader:
    """One pass over a document."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open: list[Tag] = []
        self._count = 0

    def document(self) -> Tag | None:
        while self._skip_to_tag():
            name, closed, attributes = self._tag()
            if name.startswith("/"):
                first = self._close(name[1:])
                if first is not None:
                    return first
                continue
            text = "" if closed else self._value()
            self._open.append(Tag(name, attributes, text))
        if not self._open:
            return None
        first, *rest = self._open
        if rest:
            first.tags += rest
            first.text = ""
        return first

    def _skip_to_tag(self) -> bool:
        """Go behind the next ``<`` that begins no comment; return whether there is one.

        A comment is one only if blank space comes before its first ``>``: ``<!--this-->`` is a tag.
        """
        while True:
            start = self._text.find("<", self._at)
            if start < 0:
                return False
            self._at = start + 1
            comment = _COMMENT.match(self._text, self._at)
            if comment is None:
                break
            end = self._text.find("-->", comment.end())
            if end < 0:
                raise MalformedMarkup("Unexpected end of input reading comment tag")
            self._at = end + 3
        self._count += 1
        if self._count > TAGS_MAX:
            raise MalformedMarkup(f"More than {TAGS_MAX} tags")
        return True

    def _tag(self) -> tuple[str, bool, dict[str, str]]:
        """Return name (with a ``/`` in front if it is a closing tag), whether it closes itself, and attributes."""
        blank = _SPACES.match(self._text, self._at)
        start = self._at if blank is None else blank.end()
        end = _NAME_END.search(self._text, start)
        if end is None:
            raise MalformedMarkup("Unexpected end of input reading tag")
        name = self._text[start : end.start()]
        self._at = end.end()
        closing = name[:1] == "/"
        closed = "/" in name[1:]
        attributes: dict[str, str] = {}
        if end.group() != ">":
            closed |= self._attributes(attributes)
        return "/" * closing + name.replace("/", ""), closed, attributes

    def _attributes(self, found: dict[str, str]) -> bool:
        """Read attributes up to ``>``; return whether a ``/`` stands there."""
        name: str | None = None
        value: str | None = None
        closed = False
        while True:
            character = self._text[self._at : self._at + 1]
            if not character:
                raise MalformedMarkup("Unexpected end of input reading attributes")
            if character.isspace():
                self._at += 1
                continue
            if character == "=":
                self._at += 1
                name, value = name or "", self._token()
                continue
            # Whatever else comes ends the attribute before it.
            if name is not None:
                found[name] = _NO_VALUE if value is None else value
                name = value = None
            if character in ">/":
                self._at += 1
                closed |= character == "/"
                if character == ">":
                    return closed
            else:
                name = self._token()

    def _token(self) -> str:
        """Return the next string in quotes, or run of characters."""
        blank = _SPACES.match(self._text, self._at)
        if blank is not None:
            self._at = blank.end()
        quote = self._text[self._at : self._at + 1]
        if not quote:
            raise MalformedMarkup("Unexpected end of input reading token")
        if quote in "\"'":
            end = self._text.find(quote, self._at + 1)
            if end < 0:
                raise MalformedMarkup("Unexpected end of input reading string")
            text = self._text[self._at + 1 : end]
            self._at = end + 1
            return _unescape(text)
        run = _TOKEN.match(self._text, self._at)
        if run is None:  # a lone = < or > is a token of its own
            self._at += 1
            return quote
        self._at = run.end()
        return _unescape(run.group())

    def _value(self) -> str:
        """Return the text behind an opening tag, up to the next tag."""
        end = self._text.find("<", self._at)
        if end < 0:
            raise MalformedMarkup("Unexpected end of input reading tag value")
        text = self._text[self._at : end]
        self._at = end
        return _unescape(text).strip()

    def _close(self, name: str) -> Tag | None:
        """Put what was opened since into the tag that closes; return it if it is the outermost one."""
        for position in range(len(self._open) - 1, -1, -1):
            tag = self._open[position]
            if tag.name == name and not tag.tags:
                inner = self._open[position + 1 :]
                del self._open[position + 1 :]
                if inner:
                    tag.tags, tag.text = inner, ""
                return tag if position == 0 else None
        return None  # nothing of that name is open: the closing tag is skipped
