"""`idnode trace`: show how an identifier is found, hop by hop, in the manner of `dig +trace`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from idnode.clients import blocking
from idnode.clients.answer import Question, Transport
from idnode.clients.errors import ClientError
from idnode.clients.tracing.over_http import own_trace, trace_over_http
from idnode.clients.tracing.picture import trace_picture
from idnode.clients.tracing.text import format_trace
from idnode.clients.tracing.trace import End, Trace, trace_object
from idnode.node.commands.asking import CaFile, Server, handle_server, http_url, in_one_line
from idnode.node.commands.failure import CommandFailed

RECURSIVE = "recursive"


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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    svg: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a picture there, too.")
    ] = None,
    server: Server = None,
    ca_file: CaFile = None,
) -> None:
    """Show each hop to an identifier from the node that is asked on; exit code 1 unless it is found."""
    question = Question.of(handle, indexes=tuple(index or ()), types=tuple(value_type or ()))
    with in_one_line():
        trace = find(question, transport, server, ca_file)
    if svg is not None:
        try:
            svg.write_text(trace_picture(trace))
        except OSError as error:
            raise CommandFailed(f"--svg {svg}: {error.strerror}") from error
    if as_json:
        typer.echo(json.dumps(trace_object(trace), ensure_ascii=False, indent=2))
    else:
        typer.echo(format_trace(trace), nl=False)
    if trace.end is not End.ANSWERED:
        sys.exit(1)


def find(
    question: Question, transport: Transport, server: str | None, ca_file: Path | None
) -> Trace:
    """Return the trace of a question; a recursive node tells its own.

    Raises:
        ClientError: A recursive node does not tell.

    """
    if transport is Transport.HTTP:
        try:
            return trace_over_http(question, http_url(server), ca_file=ca_file)
        except ValueError as error:
            raise CommandFailed(f"--server, --ca-file: {error}") from error
    with blocking.Client(handle_server(server), transport=transport) as client:
        start = client.place()
        if start.role == RECURSIVE and start.http_base is not None:
            try:
                return own_trace(question, start.http_base)
            except ClientError:
                pass  # it keeps that to itself; its answer is shown all the same
        return client.trace(question, start)
