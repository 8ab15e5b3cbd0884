r"""Template handles: records made up for handles that have none.

The namespace of a prefix (HS_NAMESPACE of its prefix handle) may hold a ``<template delimiter="@">``. Resolving
``prefix/base@extension``, which is not stored, then runs the template over the values of ``prefix/base``:

* ``<value index= type= data=>`` makes a value; what it leaves out comes from the value of the base at hand;
* ``<foreach>`` runs once for each value of the base;
* ``<if value= test=equals|matches expression= parameter= negate=>`` and ``<else>`` choose;
* ``<def parameter=>`` names the data of a value; ``<notfound>`` ends with "handle not found";
* ``ref="index:handle"`` takes the template from a value of another handle.

In attributes ``${handle}``, ``${base}``, ``${extension}``, ``${index}``, ``${type}``, ``${data}`` and parameters are
replaced, ``${name[2]}`` and ``$2`` by groups of an expression that matched, and ``\`` takes the next character as
it is. Quirks are those of the reference server, oddities included: deployed templates count on them.

A template is written by whoever administers a prefix and run for everybody, so what it may cost is bounded: steps,
bytes, documents it refers to, and the time of each expression.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from idnode.node.service.identifiers.namespaces import TEMPLATE, namespace_in
from idnode.registry.handle import lenient_xml, values
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.limits import RECORD_BYTES_MAX, VALUES_MAX
from idnode.registry.handle.model import HandleValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from idnode.node.service.identifiers.namespaces import Namespaces
    from idnode.registry.handle.lenient_xml import Tag
    from idnode.registry.register import Register

STEPS_MAX: Final = 20_000
"""Most tags that one resolution may run through."""

PARAMETERS_MAX: Final = 50
"""Most texts that a template may name."""

REFERENCES_MAX: Final = 10
"""Most documents that one resolution may take its template from, as in the reference server."""

EXPRESSIONS_MAX: Final = 100
EXPRESSION_SECONDS_MAX: Final = 0.005
EXPRESSION_CHARACTERS_MAX: Final = 1000
"""Expressions come from a document: how many, how long and how costly they may be."""

_PLACE: Final = re.compile(r"\\(.)|\\$|\$\{([^}]*)\}|\$([0-9]{1,9})", re.DOTALL)
_GROUP: Final = re.compile(r"(.*)\[([0-9]{1,9})\]", re.DOTALL)
_EXTENSION: Final = "extension"

_log = logging.getLogger(__name__)


class _NotFound(Exception):
    """The template says that there is no such handle."""


class _TooCostly(Exception):
    """A bound was reached."""


@dataclass(frozen=True, slots=True)
class _Texts:
    """Texts that may stand in a place, by name, and the groups of those that an expression matched."""

    texts: dict[str, str]
    groups: dict[str, Sequence[str]] = field(default_factory=dict)

    def put(self, name: str, text: str, groups: Sequence[str] | None = None) -> _Texts:
        if len(self.texts) >= PARAMETERS_MAX and name not in self.texts:
            raise _TooCostly(f"More than {PARAMETERS_MAX} parameters")
        kept = {key: found for key, found in self.groups.items() if key != name}
        if groups is not None:
            kept[name] = groups
        return _Texts(self.texts | {name: text}, kept)

    def of_value(self, value: HandleValue) -> _Texts:
        data = value.data.decode(errors="replace")
        own = {"type": value.type, "data": data, "index": str(value.index)}
        return _Texts(self.texts | own, self.groups)

    def group(self, name: str, number: int) -> str:
        groups = self.groups.get(name)
        if groups is None:
            return "" if number else self.texts.get(name, "")
        return groups[number] if number < len(groups) else ""

    def get(self, name: str) -> str:
        if name.isascii() and name.isdigit():
            return self.group(_EXTENSION, int(name[:9]))
        grouped = _GROUP.fullmatch(name)
        if grouped is not None:
            return self.group(grouped[1], int(grouped[2]))
        return self.texts.get(name, "")

    def filled(self, text: str) -> str:
        """Return a text with its places filled."""
        parts: list[str] = []
        at = length = 0
        for place in _PLACE.finditer(text):
            parts += (text[at : place.start()], self._place(place))
            length += len(parts[-1])
            if length > RECORD_BYTES_MAX:
                raise _TooCostly("A value is longer than a record may be")
            at = place.end()
        return "".join(parts) + text[at:]

    def _place(self, place: re.Match[str]) -> str:
        escaped, name, number = place.groups()
        if escaped is not None:
            return str(escaped)
        if name is not None:
            return self.get(name)
        return "\\" if number is None else self.group(_EXTENSION, int(number))


class HandleTemplates:
    """Makes up records from the templates of namespaces."""

    def __init__(self, register: Register, namespaces: Namespaces) -> None:
        self._lookup = register.lookup
        self._namespaces = namespaces

    def values(
        self, handle: bytes, prefix: bytes, cite: Callable[[bytes, int], bytes]
    ) -> bytes | None:
        """Return the packed values of a handle that is not stored, None when no template makes any.

        ``prefix`` is the handle's, folded. ``cite`` returns a stored value of a handle, packed, as far as everybody
        may read it, and raises as `Resolver.resolve`.
        """
        delimiter = self._namespaces.delimiter(prefix)
        text = handle.decode(errors="replace")
        at = text.find(delimiter, len(prefix.decode(errors="replace"))) if delimiter else -1
        if at < 0:
            return None
        base, extension = text[:at], text[at + len(delimiter) :]
        base_handle = base.encode(errors="replace")
        stored = self._lookup(base_handle) if "/" in base else None
        own = None if stored is None else namespace_in(stored.values, base_handle)
        documents = [*([] if own is None else [own]), *self._namespaces.above(prefix)]
        places = _Texts({"handle": text, "base": base, "extension": extension})
        originals = () if stored is None else tuple(values.unpack(stored.values))
        try:
            made = _Run(originals, places, cite).record(documents)
            return None if made is None else values.pack(made)
        except _NotFound:
            return None
        except (_TooCostly, RegistryError) as error:
            _log.warning("the template for %r makes no record: %s", handle, error)
            return None


class _Made:
    """The values that a template made so far.

    Most of them ask for index 1. A chain leads from each index that is taken towards the next free one and is
    shortened as it is followed, so that a record of thousands of values costs no search through all for each.
    """

    def __init__(self) -> None:
        self.values: list[HandleValue] = []
        self._behind: dict[int, int] = {}

    def free_index(self, index: int) -> int:
        """Return the first free index from this one on, and take it."""
        passed = []
        while index in self._behind:
            passed.append(index)
            index = self._behind[index]
        for each in (*passed, index):
            self._behind[each] = index + 1
        return index


class _Run:
    """One run of a template."""

    def __init__(
        self,
        originals: tuple[HandleValue, ...],
        places: _Texts,
        cite: Callable[[bytes, int], bytes],
    ) -> None:
        self._originals = originals
        self._places = places
        self._cite = cite
        self._steps = 0
        self._references = 0
        self._expressions = 0
        self._values = 0
        self._bytes = 0

    def record(self, documents: Iterable[Tag]) -> list[HandleValue] | None:
        """Return what the first document with a template makes, None when none has one."""
        made = _Made()
        if not any(self._document(document, made) for document in documents):
            return None
        # The reference server sorts before it adds, so only the last one may stand out of order.
        first, last = made.values[:-1], made.values[-1:]
        return sorted(first, key=lambda value: value.index) + last

    def _document(self, tag: Tag, made: _Made) -> bool:
        """Run what is a template in a document; return whether there was any."""
        templates = [tag] if tag.name == TEMPLATE else tag.named(TEMPLATE)
        ran = [self._template(template, made) for template in templates]
        return any(ran)

    def _template(self, template: Tag, made: _Made) -> bool:
        reference = template.attributes.get("ref")
        if reference is None:
            self._tags(template, None, made, self._places)
            return True
        index, colon, handle = reference.partition(":")
        if not (colon and index.isascii() and index.isdigit() and len(index) < 10):
            return False
        self._references += 1
        if self._references > REFERENCES_MAX:
            raise _NotFound
        document = self._cited(handle, int(index))
        return document is not None and self._document(document, made)

    def _cited(self, handle: str, index: int) -> Tag | None:
        try:
            packed = self._cite(handle.encode(errors="replace"), index)
        except RegistryError as error:
            raise _NotFound from error
        (value,) = values.unpack(packed)
        try:
            return lenient_xml.parse(value.data.decode(errors="replace"))
        except lenient_xml.MalformedMarkup:
            return None

    def _tags(self, parent: Tag, original: HandleValue | None, made: _Made, places: _Texts) -> None:
        """Run the tags within one; ``original`` is the value that a loop is at."""
        choice = _Choice()
        for tag in parent.tags:
            self._steps += 1
            if self._steps > STEPS_MAX:
                raise _TooCostly(f"More than {STEPS_MAX} steps")
            if tag.name == "value":
                self._value(tag, original, made, places)
            elif tag.name in {"if", "else"}:
                choice = choice.otherwise() if tag.name == "else" else _Choice.of(tag)
                self._expressions += choice.test == "matches"
                if self._expressions > EXPRESSIONS_MAX:
                    raise _TooCostly(f"More than {EXPRESSIONS_MAX} expressions")
                within = choice.decide(places)
                if (
                    within is not None
                ):  # the texts that the branch may use, groups of its match among them
                    self._tags(tag, original, made, within)
            # Whatever was made before it does not count: the whole template answers that there is nothing.
            elif tag.name == "notfound":
                raise _NotFound
            elif tag.name == "foreach" and original is None:  # loops do not nest
                for value in self._originals:
                    self._tags(tag, value, made, places.of_value(value))
            elif tag.name == "def" and "parameter" in tag.attributes:
                named = _Made()
                self._tags(tag, original, named, places)
                if named.values:  # only for what follows: ``places`` is this call's own
                    data = named.values[0].data.decode(errors="replace")
                    places = places.put(tag.attributes["parameter"], data)

    def _value(self, tag: Tag, original: HandleValue | None, made: _Made, places: _Texts) -> None:
        """Add one value, at the next index that is free."""
        value_type, data = tag.attributes.get("type"), tag.attributes.get("data")
        if data is None:
            data = tag.text or "".join(lenient_xml.write(each) for each in tag.tags) or None
        if original is None:
            if value_type is None or data is None:
                return
            # Outside of a loop the attribute ``index`` does not count.
            value = HandleValue(1, value_type, b"")
        else:
            value = replace(original, index=_index(tag, original.index))
        value = replace(
            value,
            index=made.free_index(value.index),
            type=value.type if value_type is None else places.filled(value_type),
            data=value.data if data is None else places.filled(data).encode(errors="replace"),
        )
        self._values += 1
        self._bytes += len(value.data)
        if self._bytes > RECORD_BYTES_MAX or self._values > VALUES_MAX:
            raise _TooCostly("The record is larger than one may be")
        made.values.append(value)


@dataclass(frozen=True, slots=True)
class _Choice:
    """The condition of the last ``<if>``, which its ``<else>`` turns round."""

    subject: str = _EXTENSION
    parameter: str = _EXTENSION
    test: str | None = None
    expression: str | None = None
    negated: bool = False

    @classmethod
    def of(cls, tag: Tag) -> _Choice:
        found = tag.attributes
        subject = found.get("value", _EXTENSION)
        return cls(
            subject,
            found.get("parameter", subject),
            found.get("test"),
            found.get("expression"),
            found.get("negate") == "true",
        )

    def otherwise(self) -> _Choice:
        return replace(self, negated=not self.negated)

    def decide(self, places: _Texts) -> _Texts | None:
        """Return the texts for what is within, None when that does not run."""
        if self.expression is None:
            # An <if> without any condition always runs, and its <else> never.
            return places if self.test is None and not self.negated else None
        text = places.get(self.subject)
        if self.test == "matches":
            groups = _matched(self.expression, text)
            if (groups is not None) == self.negated:
                return None
            return places.put(self.parameter, text, groups)
        if self.test not in {None, "equals"} or (text == self.expression) == self.negated:
            return None
        return places.put(self.parameter, text)


def _index(tag: Tag, otherwise: int) -> int:
    text = tag.attributes.get("index", "").strip()
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 10 else otherwise


def _matched(expression: str, text: str) -> Sequence[str] | None:
    """Return the groups, the whole first, if the whole text matches, ASCII case ignored; else None."""
    if len(expression) > EXPRESSION_CHARACTERS_MAX:
        raise _TooCostly(f"An expression is longer than {EXPRESSION_CHARACTERS_MAX} characters")
    import regex  # noqa: PLC0415  # 40 ms that few starts and few documents need

    try:
        match = regex.fullmatch(
            expression, text, flags=regex.IGNORECASE, timeout=EXPRESSION_SECONDS_MAX
        )
    except regex.error as error:
        raise _TooCostly(f"An expression is none: {error}") from error
    except TimeoutError as error:
        raise _TooCostly("An expression takes too long") from error
    if match is None:
        return None
    return [match.group(0), *(group or "" for group in match.groups())]
