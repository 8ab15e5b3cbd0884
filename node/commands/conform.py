"""`idnode conform`: grade a client, by the traffic that a node saw or by cases that are put to it."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console

from idnode.node.commands.asking import handle_server, http_url
from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.managed import Admin, ask
from idnode.node.commands.spoken import Lang, spoken
from idnode.node.conform.case import CasesInvalid, all_cases
from idnode.node.conform.driving import PersonClient, ProgramClient, drive
from idnode.node.conform.known import KnownInvalid, compared, read_known
from idnode.node.conform.page import as_html
from idnode.node.conform.report import Run, as_json, as_junit
from idnode.node.conform.rule import Verdict
from idnode.node.conform.stage import Place, Stage
from idnode.node.conform.watching import by_client, graded, kept
from idnode.node.testing.running import NodeDidNotStart, own_node
from idnode.registry.handle.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from idnode.node.conform.case import Case
    from idnode.node.conform.judging import Result

group = typer.Typer(
    help="Grade a client of the Handle protocol, Handle JSON, SNMS or IDHub.",
    no_args_is_help=True,
)

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

Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page.")]
Json = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write JSON.")]
Junit = Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML.")]
Known = Annotated[
    Path | None,
    typer.Option(
        "--known-failing",
        metavar="FILE",
        help="Lines CASE RULE REASON: exit 0 if nothing else fails, 3 if one of them passes.",
    ),
]
Name = Annotated[str | None, typer.Option("--name", help="What the report calls the client.")]


@group.command("drive")
def drive_(  # options
    *,
    command: Annotated[
        str | None,
        typer.Option(
            "--exec",
            metavar="COMMAND",
            help="Client, started once a case with the task on standard input; {case} is the id.",
        ),
    ] = None,
    case: Annotated[
        list[str] | None, typer.Option("--case", metavar="ID", help="Only this case; repeatable.")
    ] = None,
    face: Annotated[
        list[str] | None, typer.Option("--face", help="Only cases of this API; repeatable.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the cases and end.")] = False,
    admin: Admin = None,
    server: Annotated[
        str | None, typer.Option("--server", metavar="HOST:PORT", help="Handle port of that node.")
    ] = None,
    http: Annotated[
        str | None, typer.Option("--http", metavar="URL", help="Its HTTP port.")
    ] = None,
    known_failing: Known = None,
    html: Html = None,
    json: Json = None,
    junit: Junit = None,
    name: Name = None,
    lang: Lang = None,
) -> None:
    """Put cases to a client, on a node of their own or (--admin) on a running one.

    Exit codes: 0 nothing failed but what is known, 1 something failed, 2 wrong usage, 3 a known failure passes.
    """
    speak = spoken(lang)
    chosen = _chosen(case, face)
    if listed:
        for each in chosen:
            typer.echo(f"{each.id:<26} {each.face:<12} {each.zh if speak == 'zh' else each.en}")
        return
    known = _known(known_failing)
    client = PersonClient() if command is None else ProgramClient(command)
    results = []
    console = Console(soft_wrap=True, stderr=command is None)
    with _stage(admin, server, http) as stage:
        for result in drive(chosen, client, stage, SystemClock()):
            results.append(result)
            _show(console, result, speak)
    run = Run(name or command or "client", _now(), results, known)
    _write(run, html, json, junit)
    _end(console, run, speak)


@group.command()
def watch(  # options
    *,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="ISO 8601, UTC unless it says otherwise.")
    ] = None,
    after: Annotated[int, typer.Option(min=0, help="Behind this entry of the journal.")] = 0,
    admin: Admin = None,
    known_failing: Known = None,
    html: Html = None,
    json: Json = None,
    junit: Junit = None,
    name: Name = None,
    lang: Lang = None,
) -> None:
    """Grade the traffic that a node's journal kept (`--journal all` keeps everything)."""
    speak = spoken(lang)
    known = _known(known_failing)
    console = Console(soft_wrap=True)
    requests = kept(lambda *asked: ask(admin, *asked), after, _epoch(since))
    results = []
    for host, found in by_client(requests).items():
        results += graded(host, found)
    for result in results:
        _show(console, result, speak)
    run = Run(name or "traffic", _now(), results, known)
    _write(run, html, json, junit)
    _end(console, run, speak)


def _chosen(names: list[str] | None, faces: list[str] | None) -> list[Case]:
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


def _known(path: Path | None) -> dict[tuple[str, str], str]:
    if path is None:
        return {}
    try:
        return read_known(path.read_text(encoding="utf-8"), str(path))
    except (KnownInvalid, UnicodeDecodeError) as error:
        raise CommandFailed(str(error), exit_code=USAGE) from error


@contextmanager
def _stage(admin: str | None, server: str | None, http: str | None) -> Iterator[Stage]:
    """Yield the stage on a running node, or on one of its own that is gone afterwards."""
    if admin is not None:
        place = Place(*handle_server(server), http_url(http))
        with _opened(lambda *asked: ask(admin, *asked), place) as stage:
            yield stage
        return
    with tempfile.TemporaryDirectory(prefix="idnode-conform-") as folder:
        try:
            with own_node(Path(folder)) as node:
                place = Place(*node.handle_tcp, node.http)
                with _opened(node.manage, place) as stage:
                    yield stage
        except NodeDidNotStart as error:
            raise CommandFailed(str(error)) from error


@contextmanager
def _opened(asked: Callable[[str, str, Any], Any], place: Place) -> Iterator[Stage]:
    stage = Stage(asked, place)
    try:
        yield stage
    finally:
        stage.close()


def _show(console: Console, result: Result, speak: str) -> None:
    verdict = result.verdict
    word = _WORDS[verdict] if speak == "zh" else str(verdict)
    line = f"[{_SHADES[verdict]}]{word:<8}[/] {result.case.id:<26} {result.seconds:6.2f} s"
    console.print(line, highlight=False)
    for name, each in result.judgements.items():
        if each.verdict is Verdict.FAILED:
            told = each.zh if speak == "zh" else each.en
            console.print(f"         {name}: {told}", markup=False, highlight=False)


def _write(run: Run, html: Path | None, json: Path | None, junit: Path | None) -> None:
    for path, made in ((html, as_html), (json, as_json), (junit, as_junit)):
        if path is not None:
            path.write_text(made(run), encoding="utf-8")


def _end(console: Console, run: Run, speak: str) -> None:
    """Print the figures of a run, and end with its exit code."""
    counts = run.counts()
    words = [
        f"{counts[verdict]} {_WORDS[verdict] if speak == 'zh' else verdict}" for verdict in Verdict
    ]
    console.print(f"{len(run.results)}: {', '.join(words)}", markup=False, highlight=False)
    found = compared(run.results, run.known)
    for each, rule in found.passing:
        told = "known to fail, and did not" if speak == "en" else "列为已知失败，却没有失败"
        console.print(f"{each} {rule}: {told}", markup=False, highlight=False)
    if found.new:
        raise typer.Exit(FAILED)
    if found.passing:
        raise typer.Exit(PASSING)


def _epoch(text: str | None) -> float:
    if text is None:
        return 0.0
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandFailed(f"--since {text!r}: expected ISO 8601", exit_code=USAGE) from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _now() -> str:
    return datetime.fromtimestamp(SystemClock().now(), UTC).isoformat(timespec="seconds")
