"""`idnode resolve`: ask a node for an identifier and print the answer in the manner of `dig`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from idnode.clients import blocking
from idnode.clients.answer import Answer, Question, Transport
from idnode.clients.dig import format_answer, format_json
from idnode.node.commands.asking import CaFile, Server, handle_server, in_one_line, web_client
from idnode.node.commands.failure import CommandFailed
from idnode.registry.handle.clock import SystemClock


def run(
    handle: Annotated[
        str, typer.Argument(metavar="HANDLE", help="Identifier, as in 88.900.1/hello.")
    ],
    *,
    transport: Annotated[Transport, typer.Option(help="How to ask.")] = Transport.UDP,
    index: Annotated[
        list[int] | None,
        typer.Option(metavar="N", help="Only the value at this index; repeatable."),
    ] = None,
    value_type: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Only values of this type; repeatable."),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Follow referrals, and show each hop.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    server: Server = None,
    ca_file: CaFile = None,
) -> None:
    """Resolve an identifier; exit code 1 when the answer is anything but a success."""
    question = Question.of(handle, indexes=tuple(index or ()), types=tuple(value_type or ()))
    with in_one_line():
        if follow:
            answer = _followed(question, transport, server, ca_file)
        else:
            answer = _ask(question, transport, server, ca_file)
    if as_json:
        text = format_json(answer)
    else:
        text = format_answer(question, answer, now=SystemClock().now())
    typer.echo(text, nl=False)
    if not answer.succeeded:
        sys.exit(1)


def _followed(
    question: Question, transport: Transport, server: str | None, ca_file: Path | None
) -> Answer:
    """Return the answer at the end of the referrals; the hops that led there go to standard error."""
    from idnode.clients.tracing.text import format_trace  # noqa: PLC0415  # only to follow
    from idnode.clients.tracing.trace import End  # noqa: PLC0415  # as above
    from idnode.node.commands.trace import find  # noqa: PLC0415  # as above

    trace = find(question, transport, server, ca_file)
    typer.echo(format_trace(trace), err=True)
    if trace.answer is None:
        if (
            trace.end is End.ANSWERED
        ):  # a recursive node told its trace; it answers from its cache now
            return _ask(question, transport, server, ca_file)
        raise CommandFailed(f"{trace.end}: {trace.why}")
    return trace.answer


def _ask(
    question: Question, transport: Transport, server: str | None, ca_file: Path | None
) -> Answer:
    if transport is Transport.HTTP:
        with web_client(server, ca_file) as web:
            return web.query(question)
    with blocking.Client(handle_server(server), transport=transport) as client:
        return client.query(question)
