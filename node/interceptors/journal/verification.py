"""Assertions about the journal: so many requests of a kind, or several in this order, now or within a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from idnode.node.interceptors.journal.query import Filter, FilterInvalid

if TYPE_CHECKING:
    from idnode.node.interceptors.journal.entry import Entry
    from idnode.node.interceptors.journal.ring import Ring

WAIT_SECONDS_MAX: Final = 300.0
_SHOWN_MAX: Final = 20

Count = Annotated[int, Field(ge=0)]


class Asked(BaseModel):
    """A verification as it is sent: either ``match`` with a number, or ``order``."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    match: dict[str, Any] | None = None
    exactly: Count | None = None
    at_least: Count | None = None
    at_most: Count | None = None
    never: bool = False
    order: Annotated[list[dict[str, Any]], Field(max_length=100)] | None = None
    after: Count = 0
    within: Annotated[float, Field(ge=0, le=WAIT_SECONDS_MAX)] = 0.0


class VerificationInvalid(ValueError):
    """A body describes no verification; the message says why."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a verification, in words, with the entries that were found."""

    ok: bool
    message: str
    found: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verification:
    """Numbers of matching entries, or an order of them; ``after`` is the number of the last entry not to count."""

    filters: tuple[Filter, ...]
    least: int = 1
    most: int | None = None
    ordered: bool = False
    after: int = 0
    within: float = 0.0

    @classmethod
    def of(cls, body: Any) -> Verification:
        """Return the verification that a JSON object describes.

        Raises:
            VerificationInvalid: It is none.

        """
        try:
            asked = Asked.model_validate(body)
            filters = tuple(Filter.of(each) for each in asked.order or [asked.match or {}])
        except ValidationError as error:
            found = error.errors()[0]
            place = ".".join(map(str, found["loc"])) or "body"
            raise VerificationInvalid(f"{place}: {found['msg']}") from error
        except FilterInvalid as error:
            raise VerificationInvalid(str(error)) from error
        if (asked.match is None) == (asked.order is None):
            raise VerificationInvalid("Expected either match or order")
        if asked.order is not None:
            return cls(filters, ordered=True, after=asked.after, within=asked.within)
        least, most = _bounds(asked)
        return cls(filters, least, most, after=asked.after, within=asked.within)

    def judge(self, ring: Ring) -> Verdict:
        """Return the verdict on the entries that are there."""
        if self.ordered:
            return self._judge_order(ring)
        (wanted,) = self.filters
        found = [entry for entry in ring.since(self.after) if wanted.matches(entry)]
        good = len(found) >= self.least and (self.most is None or len(found) <= self.most)
        return Verdict(
            good, f"{len(found)} found, expected {self._expected()}", found[-_SHOWN_MAX:]
        )

    def _judge_order(self, ring: Ring) -> Verdict:
        found: list[Entry] = []
        for entry in ring.since(self.after):
            if len(found) < len(self.filters) and self.filters[len(found)].matches(entry):
                found.append(entry)
        good = len(found) == len(self.filters)
        message = f"{len(found)} of {len(self.filters)} found in this order"
        return Verdict(good, message, found[-_SHOWN_MAX:])

    def _expected(self) -> str:
        if self.most is None:
            return f"at least {self.least}"
        if self.most == self.least:
            return f"exactly {self.least}" if self.least else "none"
        return f"{self.least} to {self.most}"

    async def wait(self, ring: Ring) -> Verdict:
        """Return the verdict as soon as it is certain, at the latest after ``within`` seconds.

        What must not be exceeded (exactly, at most, never) is only certain when the time is over.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.within
        while True:
            verdict = self.judge(ring)
            if verdict.ok and self.most is None:
                return verdict
            if self.most is not None and len(verdict.found) > self.most:
                return verdict
            left = deadline - loop.time()
            if left <= 0:
                return verdict
            try:
                async with asyncio.timeout(left):
                    await ring.changed()
            except TimeoutError:
                return self.judge(ring)


def _bounds(asked: Asked) -> tuple[int, int | None]:
    given = [asked.exactly is not None, asked.at_least is not None or asked.at_most is not None]
    if sum([*given, asked.never]) > 1:
        raise VerificationInvalid("exactly, at_least with at_most, and never exclude one another")
    if asked.never:
        return 0, 0
    if asked.exactly is not None:
        return asked.exactly, asked.exactly
    if asked.at_most is not None:
        return asked.at_least or 0, asked.at_most
    return 1 if asked.at_least is None else asked.at_least, None
