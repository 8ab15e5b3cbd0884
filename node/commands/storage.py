"""`idnode storage`: make, check, bring up to date and copy what a register is kept in.

Also found as ``idnode register init``, ``migrate``, ``check`` and ``copy``: none of these can be an identifier, which has
a slash.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.progress import Show, item_progress
from idnode.node.data_directory import REGISTER
from idnode.registry.copying import Copied, copy
from idnode.registry.engines import POSTGRESQL, copying_end, is_remote

if TYPE_CHECKING:
    from idnode.registry.postgres.address import Address

group = typer.Typer(
    help="Make, check, bring up to date and copy registers on PostgreSQL (also: idnode register …).",
    no_args_is_help=True,
)

Url = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        envvar="IDNODE_REGISTER",
        help="postgresql://USER@HOST/DATABASE, as for idnode serve --register.",
        show_envvar=True,
    ),
]


@group.command()
def init(
    url: Url,
    *,
    role: Annotated[
        str | None,
        typer.Option("--role", help="Let this role read and write rows, and no more: for nodes."),
    ] = None,
    partitions: Annotated[
        int,
        typer.Option("--partitions", min=0, max=1024, help="Spread records over so many tables."),
    ] = 0,
) -> None:
    """Make the tables of a register and of a directory in an empty database."""
    from idnode.registry.postgres import administration  # noqa: PLC0415  # loads a driver

    address = _address(url)
    _make(address, partitions)
    if role is not None:
        administration.grant(address, role)
        typer.echo(f"{role} may read and write rows: let nodes connect as this role")


@group.command()
def migrate(url: Url) -> None:
    """Bring the tables of a register up to date; nodes of the former version are to be stopped before."""
    _make(_address(url), partitions=0)


def _make(address: "Address", partitions: int) -> None:
    from idnode.registry.directory.store import Directory  # noqa: PLC0415  # for this engine only
    from idnode.registry.postgres import administration  # noqa: PLC0415  # loads a driver

    async def make_directory() -> None:
        directory = await Directory.open(address.directory_url())
        await directory.close()

    version = administration.make(address, partitions=partitions)
    asyncio.run(make_directory())
    typer.echo(f"{address.shown}: tables of version {version}")


@group.command()
def check(url: Url) -> None:
    """Read every record, and compare the counts of prefixes; exit code 1 when something is wrong."""
    from idnode.registry.postgres import checking  # noqa: PLC0415  # loads a driver

    address = _address(url)
    with item_progress("checking") as progress:
        report = asyncio.run(checking.check(address, progress))
    typer.echo(f"{address.shown}: {report.records} records below {report.prefixes} prefixes")
    for problem in report.problems:
        typer.echo(f"damaged: {problem}")
    if report.problems:
        raise CommandFailed(f"{address.shown} is damaged")
    typer.echo("nothing is wrong")


@group.command("copy")
def copy_(
    source: Annotated[str, typer.Argument(metavar="FROM", help="Data directory, or URL.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="Data directory, or URL.")],
) -> None:
    """Copy every identifier, between data directories and databases; broken off, it goes on when called again.

    No node may run on a data directory meanwhile, nor write to the source. An identifier that the target has
    already stays as it is there. Accounts and keys are not copied.
    """
    with item_progress("copying") as progress:
        copied = asyncio.run(_copied(source, target, progress))
    told = f"{copied.records} identifiers copied"
    if copied.earlier:
        told += f", {copied.earlier} of them earlier"
    if copied.kept:
        told += f"; {copied.kept} were there already and stay as they are"
    typer.echo(told)


async def _copied(source: str, target: str, progress: Show) -> Copied:
    given = await copying_end(_place(source, exists=True))
    try:
        taken = await copying_end(_place(target, exists=False))
        try:
            return await copy(given, taken, progress)
        finally:
            await taken.close()
    finally:
        await given.close()


def _place(text: str, *, exists: bool) -> str:
    """Return the URL, or the folder of the register in a data directory."""
    if is_remote(text):
        return text
    folder = Path(text) / REGISTER
    if exists and not folder.is_dir():
        raise CommandFailed(f"{text} is neither a data directory with a register nor a URL")
    return str(folder)


def _address(url: str) -> "Address":
    from idnode.registry.postgres.address import Address  # noqa: PLC0415  # for this engine only

    if not is_remote(url):
        raise CommandFailed(f"a URL begins with {POSTGRESQL}://", exit_code=2)
    return Address(url)
