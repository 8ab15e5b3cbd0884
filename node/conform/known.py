"""The list of failures that are known: one a line, with a reason, so that a run fails for what is new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from idnode.node.conform.case import all_cases
from idnode.node.conform.judging import failures
from idnode.node.conform.rules.table import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idnode.node.conform.judging import Result

Failure = tuple[str, str]
"""Case and rule."""


class KnownInvalid(ValueError):
    """A line is no known failure; the message says where."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Failures of a run beside those that were known: new ones, and known ones that did not happen."""

    new: tuple[Failure, ...]
    passing: tuple[Failure, ...]
    known: tuple[Failure, ...]


def read_known(text: str, name: str) -> dict[Failure, str]:
    """Return reasons by case and rule of lines `CASE RULE REASON`; empty lines and those with # do not count.

    Raises:
        KnownInvalid: A line has no such case or rule, or no reason.

    """
    found: dict[Failure, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        case, rule, reason = [*line.split(maxsplit=2), "", ""][:3]
        if case not in all_cases():
            raise KnownInvalid(f"{name}:{number}: there is no case {case!r}")
        if rule not in RULES:
            raise KnownInvalid(f"{name}:{number}: there is no rule {rule!r}")
        if not reason:
            raise KnownInvalid(f"{name}:{number}: a reason is missing behind {case} {rule}")
        found[case, rule] = reason
    return found


def compared(results: Sequence[Result], known: Mapping[Failure, str]) -> Compared:
    """Return a run's failures beside the known ones; of cases that did not run nothing is said."""
    failed = failures(results)
    ran = {result.case.id for result in results}
    return Compared(
        tuple(each for each in failed if each not in known),
        tuple(each for each in known if each[0] in ran and each not in failed),
        tuple(each for each in failed if each in known),
    )
