"""`idnode enterprise`: onboard enterprises, and look at those that are."""

import json
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import typer
from rich.console import Console
from rich.table import Table

from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.managed import Admin, ask

USAGE_EXIT_CODE: Final = 2

_PATH: Final = "/api/v1/enterprises"

group = typer.Typer(
    help="Take enterprises aboard, and look at those that are.", no_args_is_help=True
)


@group.command()
def add(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="What the enterprise is called.")
    ] = "",
    *,
    username: Annotated[str, typer.Option(metavar="TEXT", help="Name to log in with.")] = "",
    password: Annotated[
        str, typer.Option(metavar="TEXT", help="Password to log in with [default: asked for].")
    ] = "",
    prefix: Annotated[
        str, typer.Option(metavar="PREFIX", help="Its prefix [default: the next free one].")
    ] = "",
    hosted: Annotated[bool, typer.Option(help="Keep its identifiers on this node.")] = True,
    random: Annotated[
        bool,
        typer.Option("--random", help="Draw everything, and print it as one line of JSON."),
    ] = False,
    admin: Admin = None,
) -> None:
    """Make an account, an enterprise and its prefix, approved and hosted."""
    if random:
        if name or username or password or prefix:
            raise CommandFailed(
                "--random draws name, account and prefix", exit_code=USAGE_EXIT_CODE
            )
        typer.echo(json.dumps(ask(admin, "POST", _PATH, {"random": True})))
        return
    if not name or not username:
        raise CommandFailed("Name NAME and --username, or --random", exit_code=USAGE_EXIT_CODE)
    body = {
        "name": name,
        "username": username,
        "password": password or typer.prompt("Password", hide_input=True, confirmation_prompt=True),
        "prefix": prefix,
        "hosted": hosted,
    }
    found = ask(admin, "POST", _PATH, body)
    typer.echo(f"{found['id']}: {found['name']}, {', '.join(found['prefixes'])}")


@group.command("list")
def list_(
    *,
    name: Annotated[str, typer.Option(metavar="TEXT", help="Only with this in the name.")] = "",
    prefix: Annotated[str, typer.Option(metavar="TEXT", help="Only with this in a prefix.")] = "",
    page: Annotated[int, typer.Option(min=1, help="Which page.")] = 1,
    size: Annotated[int, typer.Option(min=1, max=1000, help="Rows of a page.")] = 50,
    admin: Admin = None,
) -> None:
    """List enterprises."""
    query = urlencode({"name": name, "prefix": prefix, "page": page, "size": size})
    found = ask(admin, "GET", f"/api/v1/enterprises?{query}")
    table = Table("id", "name", "account", "prefixes")
    for row in found["items"]:
        table.add_row(str(row["id"]), row["name"], row["username"], ", ".join(row["prefixes"]))
    Console().print(table)
    typer.echo(f"page {found['page']}, {found['total']} enterprises in all")


@group.command()
def show(
    number: Annotated[int, typer.Argument(metavar="ID", min=1, help="Which enterprise.")],
    *,
    admin: Admin = None,
) -> None:
    """Show an enterprise, its prefixes and what they registered and resolved."""
    found = ask(admin, "GET", f"/api/v1/enterprises/{number}")
    typer.echo(f"{found['id']}: {found['name']}, account {found['username']}")
    for prefix in found["prefixes"]:
        _show_prefix(ask(admin, "GET", f"/api/v1/prefixes/{prefix}"))
        volumes = ask(admin, "GET", f"/api/v1/volumes?{urlencode({'prefix': prefix})}")
        for day in volumes["items"]:
            typer.echo(
                f"    {day['day']}: {day['registrations']} registered, "
                f"{day['resolutions']} resolved"
            )


def _show_prefix(found: dict[str, Any]) -> None:
    server = found["server"]
    at = f" at {server['ip']}" if server and found["proxy_state_name"] == "not_hosted" else ""
    typer.echo(
        f"  {found['prefix']}: {found['status_name']}, {found['proxy_state_name']}{at}, "
        f"{found['identifiers']} identifiers"
    )
