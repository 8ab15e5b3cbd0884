"""`idnode clock`: read and move the clock of a running node."""

import re
from typing import Annotated, Any, Final

import typer

from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.managed import Admin, ask

group = typer.Typer(
    help="Read and move the clock of a node: tokens, sessions, TTLs and dates follow it.",
    no_args_is_help=True,
)

_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")

USAGE_EXIT_CODE: Final = 2


@group.command()
def show(*, admin: Admin = None) -> None:
    """Show the time of the node, and how far it is from the machine's."""
    _print(ask(admin, "GET", "/api/v1/clock"))


@group.command()
def freeze(*, admin: Admin = None) -> None:
    """Stop the clock where it is."""
    _move(admin, freeze=True)


@group.command("set")
def set_(
    at: Annotated[
        str, typer.Argument(metavar="TIME", help="ISO 8601 (UTC unless it says otherwise).")
    ],
    *,
    admin: Admin = None,
) -> None:
    """Set the clock to a time; it goes on from there."""
    _move(admin, set=at)


@group.command(context_settings={"ignore_unknown_options": True})
def advance(
    duration: Annotated[
        str, typer.Argument(metavar="DURATION", help="90s, 25h, 1d12h; -1h goes back.")
    ],
    *,
    admin: Admin = None,
) -> None:
    """Move the clock forwards, or back."""
    _move(admin, advance=seconds_of(duration))


@group.command()
def speed(
    factor: Annotated[float, typer.Argument(metavar="FACTOR", help="Seconds that pass a second.")],
    *,
    admin: Admin = None,
) -> None:
    """Let the clock run faster or slower; 1 also ends a freeze."""
    _move(admin, speed=factor)


@group.command()
def reset(*, admin: Admin = None) -> None:
    """Go back to the time of the machine."""
    _move(admin, reset=True)


def seconds_of(duration: str) -> float:
    """Return the seconds of a duration such as ``1d12h``, ``90s`` or ``-15m``.

    Raises:
        CommandFailed: It is none.

    """
    sign, text = (-1.0, duration[1:]) if duration.startswith("-") else (1.0, duration)
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise CommandFailed(
            f"{duration!r} is no duration: write 90s, 25h or 1d12h", exit_code=USAGE_EXIT_CODE
        )
    return sign * sum(float(number) * _UNITS[unit] for number, unit in parts)


def _move(admin: str | None, **move: Any) -> None:
    _print(ask(admin, "POST", "/api/v1/clock", move))


def _print(reading: dict[str, Any]) -> None:
    pace = "frozen" if not reading["speed"] else f"speed {reading['speed']:g}"
    moved = f"{reading['offset']:+.0f} s from the machine's, {pace}"
    typer.echo(f"{reading['time']} ({moved if reading['moved'] else 'the time of the machine'})")
