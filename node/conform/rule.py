"""A rule that a client keeps or breaks, and the judgement of one: a verdict, why, and the requests that show it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from idnode.node.conform.evidence import Evidence, Request


class Level(StrEnum):
    """Says how binding a rule is (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"


class Verdict(StrEnum):
    """Names what a judgement comes to."""

    PASSED = "passed"
    FAILED = "failed"
    UNCLEAR = "unclear"
    """The client went wrong, or never came there, for a reason that is not this rule's."""
    SKIPPED = "skipped"
    """The client says that it cannot do this."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason in English and Chinese, and the numbers of the journal's entries that show it."""

    verdict: Verdict
    en: str = ""
    zh: str = ""
    shown_by: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: where it stands, what a right client does in English and Chinese, and who judges it."""

    id: str
    level: Level
    source: str
    en: str
    zh: str
    judge: Callable[[Evidence], Judgement]
    watched: bool = False
    """Whether traffic alone shows it, without knowing what the client was asked to do."""
    basic: bool = False
    """Whether breaking it explains whatever else goes wrong in a case."""


PASS: Final = Judgement(Verdict.PASSED)
SKIP: Final = Judgement(Verdict.SKIPPED, "the client does not offer this", "客户端不支持此操作")


def failed(en: str, zh: str, requests: Iterable[Request] = ()) -> Judgement:
    """Return the judgement of a rule that is broken."""
    return Judgement(Verdict.FAILED, en, zh, tuple(each.number for each in requests))


def unclear(en: str, zh: str, requests: Iterable[Request] = ()) -> Judgement:
    """Return the judgement of a rule of which the case shows nothing."""
    return Judgement(Verdict.UNCLEAR, en, zh, tuple(each.number for each in requests))
