"""`idnode verify`: whether an identifier is what somebody whom an agreed root vouches for has signed."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from idnode.clients import blocking
from idnode.clients.calls import run as run_steps
from idnode.clients.certification.verify import Reason, Verdict, verdict_object, verify
from idnode.clients.errors import NotAnswered, Refused
from idnode.node.commands.asking import Server, handle_server, in_one_line
from idnode.node.commands.certifying import key_in_file
from idnode.registry.handle.certification.keys import read_verifying_key
from idnode.registry.handle.clock import SystemClock
from idnode.registry.handle.model import HandleValue

ROOT_IDENTITY = "300:0.NA/0.NA"


def run(
    handle: Annotated[
        str, typer.Argument(metavar="HANDLE", help="Identifier, as in 88.908.1/signed.")
    ],
    *,
    root: Annotated[
        Path, typer.Option(metavar="FILE", help="PEM file with the root's public key, as agreed.")
    ] = Path("data/root.pem"),
    root_identity: Annotated[
        str, typer.Option(metavar="INDEX:HANDLE", help="The root's identity.")
    ] = ROOT_IDENTITY,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    server: Server = None,
) -> None:
    """Check an identifier's signature and its chain of certificates; exit code 1 unless every link is good."""
    roots = {root_identity: key_in_file("--root", root, read_verifying_key)}
    with in_one_line(), blocking.Client(handle_server(server)) as client:
        asked = handle.encode()
        values = client.resolve(asked, follow=True).values

        def values_of(other: bytes) -> tuple[HandleValue, ...]:
            try:
                return client.resolve(other, follow=True).values
            except (Refused, NotAnswered):
                return ()  # the link that needs it says so

        steps = verify(asked, values, roots=roots, now=SystemClock().now())
        verdict = run_steps(steps, values_of)
    if as_json:
        typer.echo(json.dumps(verdict_object(verdict), ensure_ascii=False, indent=2))
    else:
        typer.echo(_text(verdict))
    if not verdict.trusted:
        sys.exit(1)


def _text(verdict: Verdict) -> str:
    lines = [f"{verdict.handle}: {'trusted' if verdict.trusted else 'NOT trusted'}"]
    for link in verdict.links:
        mark = "✓" if link.reason is Reason.GOOD else "✗"
        said = f"{link.reason}: {link.detail}" if link.detail else str(link.reason)
        by = "itself" if link.issuer == link.subject else link.issuer or "nobody"
        lines.append(f"  {mark} {link.subject}, signed by {by}: {said}")
    return "\n".join(lines)
