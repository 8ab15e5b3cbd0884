"""`idnode fault`: switch the faults of a running node."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.journal_lines import plain
from idnode.node.commands.managed import Admin, ask
from idnode.node.commands.spoken import Lang, spoken

group = typer.Typer(
    help="Have a node fail on purpose: its traps by name, and faults of your own.",
    no_args_is_help=True,
)

_PATH: Final = "/api/v1/faults"
_UNSET: Final = {
    "en": {"match": "every request", "action": "", "when": "always"},
    "zh": {"match": "每个请求", "action": "", "when": "始终"},
}

Name = Annotated[str, typer.Argument(metavar="NAME", help="As `idnode fault list` shows it.")]


@group.command()
def on(name: Name, *, admin: Admin = None) -> None:
    """Switch a fault or a trap on; its sequence begins anew."""
    _print(ask(admin, "PUT", f"{_PATH}/{quote(name, safe='')}", {"on": True}))


@group.command()
def off(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Without one: all.")] = None,
    *,
    admin: Admin = None,
) -> None:
    """Switch a fault or a trap off, or all of them."""
    if name is not None:
        _print(ask(admin, "PUT", f"{_PATH}/{quote(name, safe='')}", {"on": False}))
        return
    for fault in ask(admin, "GET", _PATH)["items"]:
        if fault["on"]:
            _print(ask(admin, "PUT", f"{_PATH}/{quote(fault['name'], safe='')}", {"on": False}))


@group.command("list")
def list_(*, admin: Admin = None) -> None:
    """List faults and traps, those that are on first."""
    found = ask(admin, "GET", _PATH)
    for fault in sorted(found["items"], key=lambda each: (not each["on"], each["trap"])):
        _print(fault)


@group.command()
def show(name: Name, *, lang: Lang = None, admin: Admin = None) -> None:
    """Show a fault: what it does to whom, what happens in the field, what a good client does."""
    speak = spoken(lang)
    fault = ask(admin, "GET", f"{_PATH}/{quote(name, safe='')}")
    _print(fault)
    for part in ("match", "action", "when"):
        settings = fault.get(part) or {}
        shown = ", ".join(f"{key} = {value}" for key, value in settings.items())
        typer.echo(f"  {part}: {plain(shown) or _UNSET[speak][part]}")
    typer.echo(plain(fault.get(speak) or fault.get("en", "")))


@group.command()
def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="TOML file with [[faults]].")],
    *,
    admin: Admin = None,
) -> None:
    """Have the faults of a file, and no others, all at once."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandFailed(f"{file}: {error}") from error
    for fault in ask(admin, "PUT", _PATH, found)["items"]:
        if not fault["trap"]:
            _print(fault)


def _print(fault: dict[str, Any]) -> None:
    state = "on " if fault["on"] else "off"
    struck = f"  struck {fault['struck']} of {fault['matched']}" if fault["matched"] else ""
    kind = "trap" if fault["trap"] else "fault"
    typer.echo(f"{state} {kind:<5} {plain(fault['name']):<28} {fault['action']['kind']}{struck}")
