"""`idnode tree`: a whole tree of nodes: bring it up, look at it, stop and start single nodes."""

import secrets
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from idnode.node.addresses import url_of
from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.managed import Admin, ask
from idnode.node.commands.process import run_process, stop_at_signals
from idnode.node.ops.logs import Folding
from idnode.node.settings import Settings, load

group = typer.Typer(
    help="Run a tree of nodes: national, secondary, enterprise and recursive ones.",
    no_args_is_help=True,
)

File = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help="Topology as TOML [default: Suzhou, twelve nodes]."),
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="NAME", help="Run this node only here; repeatable."),
]


@group.command()
def up(  # one option each
    file: File = None,
    *,
    only: Only = None,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Directory that holds all state.")
    ] = None,
    admin_port: Annotated[
        int | None, typer.Option(metavar="N", help="Management port [default: the file's].")
    ] = None,
    free_ports: Annotated[
        bool, typer.Option("--free-ports", help="Take free ports instead of the file's.")
    ] = False,
    ready_file: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Written once all nodes are ready.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Seed of every random choice.")
    ] = None,
    log_format: Annotated[
        str | None, typer.Option(metavar="console|json", help="Form of a log line.")
    ] = None,
) -> None:
    """Run the nodes of a topology until SIGTERM or Ctrl-C; all other settings come from the environment."""
    flags = {
        "data_dir": data_dir,
        "ready_file": ready_file,
        "seed": seed,
        "log_format": log_format,
    }
    loaded = load({name: value for name, value in flags.items() if value is not None})
    run_tree(loaded.settings, file, only or (), admin_port, free_ports=free_ports)


@group.command()
def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    admin: Admin = None,
) -> None:
    """Show the nodes of a running tree."""
    found = ask(admin, "GET", "/tree")
    if as_json:
        typer.echo(_json(found))
        return
    table = Table(box=None, pad_edge=False)
    for title in ("node", "role", "prefix", "industry", "state", "handle"):
        table.add_column(title)
    for title in ("enterprises", "identifiers", "registered", "resolved"):
        table.add_column(title, justify="right")
    for node in found["nodes"]:
        table.add_row(
            node["name"],
            node["role"],
            node["prefix"],
            node["industry"],
            node["state"],
            node.get("handle", ""),
            *(f"{node.get(key, 0):,}" for key in ("enterprises", "identifiers")),
            *(f"{node.get(key, 0):,}" for key in ("registrations", "resolutions")),
        )
    total = [f"{found[key]:,}" for key in ("enterprises", "identifiers")]
    table.add_row(found["name"], "", "", "", "", "", *total, "", "")
    Console(width=None if Console().is_terminal else 160).print(table)


@group.command()
def graph(
    *,
    svg: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a picture there, too.")
    ] = None,
    admin: Admin = None,
) -> None:
    """Draw a running tree, as text and as a picture."""
    from idnode.node.tree.picture import tree_picture, tree_text  # noqa: PLC0415  # only here

    found = ask(admin, "GET", "/tree")
    typer.echo(tree_text(found), nl=False)
    if svg is not None:
        try:
            svg.write_text(tree_picture(found), encoding="utf-8")
        except OSError as error:
            raise CommandFailed(f"--svg {svg}: {error.strerror}") from error


@group.command()
def stop(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the node.")],
    *,
    admin: Admin = None,
) -> None:
    """Stop one node of a running tree; the others go on."""
    typer.echo(f"{name}: {ask(admin, 'POST', f'/tree/nodes/{name}/stop', {})['state']}")


@group.command()
def start(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the node.")],
    *,
    admin: Admin = None,
) -> None:
    """Start a node of a running tree again, on the ports that it had."""
    typer.echo(f"{name}: {ask(admin, 'POST', f'/tree/nodes/{name}/start', {})['state']}")


def run_tree(
    settings: Settings,
    file: Path | None,
    only: list[str] | tuple[str, ...],
    admin_port: int | None,
    *,
    free_ports: bool = False,
) -> None:
    """Run a tree until a signal stops it."""
    from idnode.node.tree.topology import read_topology  # noqa: PLC0415  # only to run one

    topology = read_topology(file)
    if free_ports:
        topology = topology.on_free_ports()
    if admin_port is not None:
        topology = topology.model_copy(update={"admin_port": admin_port})

    async def serve(_: Folding) -> None:
        from idnode.node.tree.picture import tree_text  # noqa: PLC0415  # as above
        from idnode.node.tree.status import status_of  # noqa: PLC0415
        from idnode.node.tree.up import running_tree  # noqa: PLC0415

        stopped = stop_at_signals()
        seed = secrets.randbits(64) if settings.seed is None else settings.seed
        async with running_tree(topology, settings, seed=seed, only=only) as (tree, admin):
            typer.echo(f"{tree_text(status_of(tree))}\nManagement {url_of(admin)}, seed {seed}")
            await stopped.wait()
        if tree.log_failed:
            raise CommandFailed("a log failed while its node ran: see the runbook")

    run_process(settings, serve)


def _json(found: Any) -> str:
    import json  # noqa: PLC0415  # only here

    return json.dumps(found, ensure_ascii=False, indent=2)
