"""Judges a case: its rules, and those basic ones that explain whatever else went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from idnode.node.conform.evidence import UNSUPPORTED
from idnode.node.conform.rule import SKIP, Judgement, Verdict, unclear
from idnode.node.conform.rules.table import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from idnode.node.conform.case import Case
    from idnode.node.conform.evidence import Evidence, Outcome, Request


@dataclass(frozen=True, slots=True)
class Result:
    """Holds what became of one case."""

    case: Case
    judgements: Mapping[str, Judgement]
    """By the id of the rule, those of the case first."""
    requests: tuple[Request, ...] = ()
    outcome: Outcome | None = None
    task: Mapping[str, Any] | None = None
    seconds: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """The worst of its judgements."""
        found = {each.verdict for each in self.judgements.values()}
        order = (Verdict.FAILED, Verdict.UNCLEAR, Verdict.PASSED, Verdict.SKIPPED)
        return next(each for each in order if each in found)


def judged(case: Case, evidence: Evidence) -> dict[str, Judgement]:
    """Return the judgements of a case by rule."""
    if evidence.outcome is not None and evidence.outcome.outcome == UNSUPPORTED:
        return dict.fromkeys(case.rules, SKIP)
    found = {name: RULES[name].judge(evidence) for name in case.rules}
    basics = {rule.id: rule.judge(evidence) for rule in RULES.values() if rule.basic}
    broken = {name: each for name, each in basics.items() if each.verdict is Verdict.FAILED}
    if broken:
        # A request that cannot be read fails for that, and not besides for the answer that it did not get.
        cause = ", ".join(broken)
        for name, each in found.items():
            if each.verdict is Verdict.FAILED and name not in broken:
                found[name] = unclear(f"see {cause}", f"见 {cause}")
    return found | broken


def watched(evidence: Evidence) -> dict[str, Judgement]:
    """Return the judgements on traffic, of the rules that it shows."""
    return {rule.id: rule.judge(evidence) for rule in RULES.values() if rule.watched}


def failures(results: Iterable[Result]) -> list[tuple[str, str]]:
    """Return case and rule of each failure."""
    return [
        (result.case.id, rule)
        for result in results
        for rule, judgement in result.judgements.items()
        if judgement.verdict is Verdict.FAILED
    ]
