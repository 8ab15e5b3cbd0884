"""`idnode conform`: grade a client, by the traffic that a node saw or by cases that are put to it.

What grades is imported while a node of its own starts, for both take about as long.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.managed import Admin  # noqa: TC001  # Typer reads it
from idnode.node.commands.spoken import Lang, spoken
from idnode.node.testing.running import NodeDidNotStart, starting_node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from idnode.node.testing.node import Node

group = typer.Typer(
    help="Grade a client of the Handle protocol, Handle JSON, SNMS or IDHub.",
    no_args_is_help=True,
)

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
    with _own_node(wanted=admin is None and not listed) as ready:
        from idnode.node.commands import grading  # noqa: PLC0415  # beside the start of the node

        chosen = grading.chosen_cases(case, face)
        if listed:
            grading.show_cases(chosen, spoken(lang))
            return
        reports = grading.Reports(known_failing, html, json, junit)
        shown = grading.Grading(reports, spoken(lang), aside=command is None)
        with (
            grading.stage_at(admin, server, http)
            if ready is None
            else grading.stage_on(ready()) as stage
        ):
            shown.drive(chosen, command, stage)
        shown.end(name or command or "client")


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
    from idnode.node.commands import grading  # noqa: PLC0415  # `--help` needs none of it

    shown = grading.Grading(grading.Reports(known_failing, html, json, junit), spoken(lang))
    shown.watch(admin, after, since)
    shown.end(name or "traffic")


@contextmanager
def _own_node(*, wanted: bool) -> Iterator[Callable[[], Node] | None]:
    """Run a node that is gone afterwards, and yield what waits for it; None if none is wanted."""
    if not wanted:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="idnode-conform-") as folder:
        try:
            with starting_node(Path(folder)) as ready:
                yield ready
        except NodeDidNotStart as error:
            raise CommandFailed(str(error)) from error
