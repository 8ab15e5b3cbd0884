"""The end of a load test, or its present state, and every form in which that is told."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idnode.loadtests import cache, faults, report
from idnode.loadtests.cache import CacheAnswers
from idnode.loadtests.faults import FaultOn
from idnode.loadtests.forms import as_junit, as_markdown
from idnode.loadtests.ledger import Ledger
from idnode.loadtests.page import with_verdict
from idnode.loadtests.profile import Profile
from idnode.loadtests.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """A judged load test; ``faults`` are None if the node did not tell, ``cache`` is None if it is not recursive.

    ``note`` stands in the verdict's place while there is none, or when it never began.
    """

    profile: Profile
    ledger: Ledger
    verdict: Verdict
    seconds: float
    faults: Sequence[FaultOn] | None
    cache: CacheAnswers | None = None
    note: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return it as data for programs."""
        data = report.as_data(
            self.profile, self.ledger, self.verdict, seconds=self.seconds, faults_on=self.faults
        )
        if self.cache is not None:
            data["cache"] = self.cache.as_data()
        return data | {"verdict": self.note} if self.note else data

    def as_text(self) -> str:
        """Return it for a terminal."""
        return report.as_text(
            *(self.profile, self.ledger, self.verdict),
            seconds=self.seconds,
            notes=[*cache.as_lines(self.cache), *faults.as_lines(self.faults)],
        )

    def write(self, result: Path | None, junit: Path | None, markdown: Path | None) -> None:
        """Write the files that were asked for.

        Raises:
            OSError: One cannot be written.

        """
        data = self.as_data()
        for path, text in (
            (result, lambda: json.dumps(data, ensure_ascii=False, indent=2)),
            (junit, lambda: as_junit(data)),
            (markdown, lambda: as_markdown(data)),
        ):
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text(), encoding="utf-8")

    def head(self, page: str) -> None:
        """Put the verdict at the head of Locust's report in this file, if it is there."""
        path = Path(page)
        if path.exists():
            text = path.read_text(encoding="utf-8")
            path.write_text(with_verdict(text, self.as_data()), encoding="utf-8")
