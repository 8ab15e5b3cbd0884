"""Filters of entries: by face, code, prefix, who, time, rule and text; one filter for lists, streams and checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idnode.node.interceptors.journal.entry import Entry

NAMES: Final = (
    *("face", "code", "status", "prefix", "handle", "who", "operation", "rule", "fault", "id"),
    *("since", "text", "refused"),
)
"""Every filter, as parameters and members of conditions are named."""


class FilterInvalid(ValueError):
    """A filter has a name or a content that is none."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that an entry has to meet, all of them; None asks for nothing."""

    face: str | None = None
    code: int | None = None
    status: int | None = None
    prefix: str | None = None
    handle: str | None = None
    who: str | None = None
    operation: str | None = None
    rule: str | None = None
    fault: str | None = None
    id: str | None = None
    since: float | None = None
    text: str | None = None
    refused: bool | None = None

    @classmethod
    def of(cls, found: Mapping[str, object]) -> Filter:
        """Return the filter that parameters or a JSON object describe.

        Raises:
            FilterInvalid: An unknown name, or a content of the wrong kind.

        """
        unknown = sorted(set(found) - set(NAMES))
        if unknown:
            raise FilterInvalid(f"unknown filter {unknown[0]!r}: there are {', '.join(NAMES)}")
        converted: dict[str, object] = {}
        for name, value in found.items():
            try:
                converted[name] = _CONVERTERS.get(name, str)(value)
            except (TypeError, ValueError) as error:
                raise FilterInvalid(f"{name}: {value!r} cannot be used") from error
        return cls(**converted)  # type: ignore[arg-type]  # each converted by its own row

    def matches(self, entry: Entry) -> bool:
        """Return whether an entry meets every condition."""
        exact = (
            (self.face, entry.face),
            (self.code, entry.code),
            (self.status, entry.status),
            (self.operation, entry.operation),
            (self.fault, entry.fault),
            (self.id, entry.id),
            (self.rule, entry.why.rule if entry.why else None),
        )
        if any(wanted is not None and wanted != found for wanted, found in exact):
            return False
        if self.refused is not None and self.refused != (entry.why is not None):
            return False
        if self.since is not None and entry.time < self.since:
            return False
        if self.prefix is not None and entry.prefix.upper() != self.prefix.upper():
            return False
        if self.handle is not None and entry.handle.upper() != self.handle.upper():
            return False
        if self.who is not None and self.who not in {entry.identity, entry.account}:
            return False
        return self.text is None or _contains(entry, self.text.casefold())


def _contains(entry: Entry, text: str) -> bool:
    searched = [
        entry.handle,
        entry.identity,
        entry.account,
        entry.error,
        entry.peer,
        entry.operation,
    ]
    if entry.why is not None:
        searched += [entry.why.rule, entry.why.en, entry.why.zh]
    for kept in (entry.request, entry.answer):
        searched += [*getattr(kept, "start", ()), getattr(kept, "body", None)]
    return any(text in each.casefold() for each in searched if each)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}[str(value).lower()]


def _flag_or_fail(value: object) -> bool:
    try:
        return _flag(value)
    except KeyError as error:
        raise ValueError from error


def _number(value: object) -> int:
    return int(str(value))


def _seconds(value: object) -> float:
    return float(str(value))


_CONVERTERS: Final = {
    "code": _number,
    "status": _number,
    "since": _seconds,
    "refused": _flag_or_fail,
}
