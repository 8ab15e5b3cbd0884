"""Grading a client at the command line: which cases, on which node, and what is said and written of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import typer
from rich.console import Console

from idnode.node.commands.asking import handle_server, http_url
from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.managed import ask
from idnode.node.conform.case import CasesInvalid, all_cases
from idnode.node.conform.driving import PersonClient, ProgramClient, drive
from idnode.node.conform.known import KnownInvalid, compared, read_known
from idnode.node.conform.page import as_html
from idnode.node.conform.report import Run, as_json, as_junit
from idnode.node.conform.rule import Verdict
from idnode.node.conform.stage import Place, Stage
from idnode.node.conform.watching import by_client, graded, kept
from idnode.registry.handle.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from idnode.node.conform.case import Case
    from idnode.node.conform.judging import Result
    from idnode.node.testing.node import Node

FAILED: Final = 1
USAGE: Final = 2
PASSING: Final = 3
"""Exit code when only known failures happened, and some of those known did not."""

_SHADES: Final = {
    Verdict.PASSED: "green",
    Verdict.FAILED: "red",
    Verdict.UNCLEAR: "yellow",
    Verdict.SKIPPED: "dim",
}
_WORDS: Final = {
    Verdict.PASSED: "通过",
    Verdict.FAILED: "失败",
    Verdict.UNCLEAR: "不明",
    Verdict.SKIPPED: "跳过",
}


@dataclass(frozen=True, slots=True)
class Reports:
    """Names the file of known failures, and those that are written."""

    known_failing: Path | None
    html: Path | None
    json: Path | None
    junit: Path | None

    def known(self) -> dict[tuple[str, str], str]:
        """Return the failures that are known, and why."""
        path = self.known_failing
        if path is None:
            return {}
        try:
            return read_known(path.read_text(encoding="utf-8"), str(path))
        except (KnownInvalid, UnicodeDecodeError) as error:
            raise CommandFailed(str(error), exit_code=USAGE) from error

    def write(self, run: Run) -> None:
        """Write what is asked for."""
        for path, made in ((self.html, as_html), (self.json, as_json), (self.junit, as_junit)):
            if path is not None:
                path.write_text(made(run), encoding="utf-8")


def chosen_cases(names: list[str] | None, faces: list[str] | None) -> list[Case]:
    """Return the cases that are asked for, all unless somebody chose."""
    try:
        cases = all_cases()
    except CasesInvalid as error:
        raise CommandFailed(str(error)) from error
    unknown = [each for each in names or () if each not in cases]
    if unknown:
        raise CommandFailed(f"there is no case {unknown[0]!r}: see --list", exit_code=USAGE)
    chosen = [
        each
        for each in cases.values()
        if (not names or each.id in names) and (not faces or each.face in faces)
    ]
    if not chosen:
        raise CommandFailed(f"there are no cases of {', '.join(faces or ())}", exit_code=USAGE)
    return chosen


def show_cases(cases: list[Case], speak: str) -> None:
    """Print cases, a line each."""
    for each in cases:
        typer.echo(f"{each.id:<26} {each.face:<12} {each.zh if speak == 'zh' else each.en}")


@contextmanager
def stage_on(node: Node) -> Iterator[Stage]:
    """Yield the stage on a node of the run's own; its demonstration's enterprise is as good as a new one, and there."""
    prefix = f"{node.prefix}.1"
    enterprise = {
        "prefix": prefix,
        "identity": f"301:0.NA/{prefix}",
        "secret": node.secret,
        "username": "demo",
        "password": node.password,
    }
    with _opened(node.manage, Place(*node.handle_tcp, node.http), enterprise) as stage:
        yield stage


@contextmanager
def stage_at(admin: str | None, server: str | None, http: str | None) -> Iterator[Stage]:
    """Yield the stage on a node that runs anyway."""
    place = Place(*handle_server(server), http_url(http))
    with _opened(lambda *asked: ask(admin, *asked), place) as stage:
        yield stage


@contextmanager
def _opened(
    asked: Callable[[str, str, Any], Any], place: Place, enterprise: dict[str, str] | None = None
) -> Iterator[Stage]:
    stage = Stage(asked, place, enterprise)
    try:
        yield stage
    finally:
        stage.close()


class Grading:
    """Shows the results of a run as they come, and reports on all at its end."""

    def __init__(self, reports: Reports, speak: str, *, aside: bool = False) -> None:
        self._reports = reports
        self._known = reports.known()
        self._speak = speak
        self._console = Console(soft_wrap=True, stderr=aside)
        self._results: list[Result] = []

    def drive(self, cases: list[Case], command: str | None, stage: Stage) -> None:
        """Put cases to a program, or to a person at the terminal."""
        client = PersonClient() if command is None else ProgramClient(command)
        for result in drive(cases, client, stage, SystemClock()):
            self._show(result)

    def watch(self, admin: str | None, after: int, since: str | None) -> None:
        """Grade what the journal of a node kept."""
        requests = kept(lambda *asked: ask(admin, *asked), after, _epoch(since))
        for host, found in by_client(requests).items():
            for result in graded(host, found):
                self._show(result)

    def end(self, client: str) -> None:
        """Write the reports, print the figures of the run, and end with its exit code."""
        now = datetime.fromtimestamp(SystemClock().now(), UTC).isoformat(timespec="seconds")
        run = Run(client, now, self._results, self._known)
        self._reports.write(run)
        counts, speak = run.counts(), self._speak
        words = [
            f"{counts[verdict]} {_WORDS[verdict] if speak == 'zh' else verdict}"
            for verdict in Verdict
        ]
        self._print(f"{len(run.results)}: {', '.join(words)}")
        found = compared(run.results, run.known)
        for each, rule in found.passing:
            told = "known to fail, and did not" if speak == "en" else "列为已知失败，却没有失败"
            self._print(f"{each} {rule}: {told}")
        if found.new:
            raise typer.Exit(FAILED)
        if found.passing:
            raise typer.Exit(PASSING)

    def _show(self, result: Result) -> None:
        self._results.append(result)
        verdict, chinese = result.verdict, self._speak == "zh"
        word = _WORDS[verdict] if chinese else str(verdict)
        line = f"[{_SHADES[verdict]}]{word:<8}[/] {result.case.id:<26} {result.seconds:6.2f} s"
        self._console.print(line, highlight=False)
        for name, each in result.judgements.items():
            if each.verdict is Verdict.FAILED:
                self._print(f"         {name}: {each.zh if chinese else each.en}")

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False)


def _epoch(text: str | None) -> float:
    if text is None:
        return 0.0
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandFailed(f"--since {text!r}: expected ISO 8601", exit_code=USAGE) from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
