"""`idnode traffic`: background life for a node on this machine, with the shape of Suzhou's volume."""

import asyncio
import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from random import Random
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console

from idnode.clients.errors import ClientError
from idnode.clients.web_requests import Credential
from idnode.node.commands.asking import Server, handle_server, http_url
from idnode.node.commands.background import Background, DatasetNotServed, Done, Pace, Target
from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.managed import Admin, ask
from idnode.node.exposure import is_loopback
from idnode.node.settings import Settings, load
from idnode.registry.datasets.choice import DatasetUnknown, make
from idnode.registry.handle.clock import SystemClock

_USAGE_EXIT_CODE = 2
_LINE_SECONDS = 10.0


Http = Annotated[
    str | None, typer.Option(metavar="URL", help="HTTP API [default: what the settings say].")
]


class Profile(StrEnum):
    """Describes how the load goes through the day."""

    DAY = "day"
    FLAT = "flat"


def run(
    *,
    profile: Annotated[
        Profile, typer.Option(help="day: Suzhou's curve; flat: its mean.")
    ] = Profile.DAY,
    speed: Annotated[
        float, typer.Option(metavar="X", min=0.01, max=86_400, help="How fast the day goes by.")
    ] = 60.0,
    rate: Annotated[
        float,
        typer.Option(
            metavar="N",
            min=1,
            max=100_000,
            help="Identifiers a second on average, read and written.",
        ),
    ] = 300.0,
    duration: Annotated[
        float | None, typer.Option(metavar="S", min=0, help="Seconds [default: until Ctrl-C].")
    ] = None,
    keep: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=2_000,
            max=10_000_000,
            help="Identifiers written before it begins again.",
        ),
    ] = 100_000,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seed of it all.")] = None,
    server: Server = None,
    http: Http = None,
    admin: Admin = None,
) -> None:
    """Read and write as Suzhou did, on a node of this machine that serves the data set; Ctrl-C ends it."""
    settings = load({}).settings
    target = _target(settings, server, http)
    try:
        dataset = make(settings.dataset or "suzhou")
    except DatasetUnknown as error:
        raise CommandFailed(str(error)) from error
    chance = Random(secrets.randbits(64) if seed is None else seed)  # noqa: S311  # repeatable
    pace = Pace(rate, speed, keep, day=profile is Profile.DAY)
    traffic = Background(target, dataset, pace, chance=chance, clock=SystemClock())
    try:
        asyncio.run(_until_stopped(traffic, duration, _told(target, pace, profile, duration)))
    except DatasetNotServed as error:
        raise CommandFailed("the node serves no Suzhou: start it with --dataset suzhou") from error
    except ClientError as error:
        raise CommandFailed(str(error)) from error
    typer.echo(_summary(traffic.done))
    for line in _faults(admin):
        typer.echo(line)


def _target(settings: Settings, server: str | None, http: str | None) -> Target:
    """Return the node to drive, which has to be on this machine."""
    target = Target(
        handle_server(server),
        http_url(http),
        Credential(301, f"0.NA/{settings.prefix}", settings.secret.get_secret_value()),
    )
    for host in (target.handle[0], urlsplit(target.http).hostname or ""):
        if not is_loopback(host):
            raise CommandFailed(f"{host} is not this machine", exit_code=_USAGE_EXIT_CODE)
    return target


def _told(target: Target, pace: Pace, profile: Profile, duration: float | None) -> str:
    """Return what is about to be done, for a log in which nobody sees it happen."""
    curve = f"Suzhou's day, {pace.speed:g} times as fast" if profile is Profile.DAY else "flat"
    end = "until Ctrl-C" if duration is None else f"for {duration:g} s"
    return (
        f"traffic to {target.http}: {pace.rate:,g} identifiers a second on average, {curve}, {end}"
    )


def _faults(admin: str | None) -> list[str]:
    """Return what is to be said of faults that were on, for failures are no wonder then."""
    try:
        items = ask(admin, "GET", "/api/v1/faults")["items"]
    except CommandFailed as error:
        return [f"faults: not known ({error})"]
    struck = [f"{each['name']} (struck {each['struck']:,})" for each in items if each["on"]]
    return [f"FAULTS WERE ON: {', '.join(struck)}"] if struck else []


async def _until_stopped(traffic: Background, duration: float | None, told: str) -> None:
    console = Console(stderr=True)
    with _shown(console, traffic, told) as show:
        driving = asyncio.ensure_future(traffic.run(duration, show))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, driving.cancel)
        with suppress(asyncio.CancelledError):
            await driving


@contextmanager
def _shown(console: Console, traffic: Background, told: str) -> Iterator[Callable[[], None]]:
    """Yield what shows progress: a line that changes on a terminal, elsewhere plain lines, one each ten seconds."""
    if console.is_terminal:
        with console.status("") as status:
            yield lambda: status.update(f"{_progress(traffic)}  (Ctrl-C ends)")
        return
    clock = SystemClock()
    due: float | None = None

    def show() -> None:
        nonlocal due
        now = clock.elapsed()
        if due is None:  # the node takes it, so it has begun
            typer.echo(told, err=True)
        elif now >= due:
            typer.echo(_progress(traffic), err=True)
        else:
            return
        due = now + _LINE_SECONDS

    yield show


def _progress(traffic: Background) -> str:
    hour, second = divmod(int(traffic.second_of_day), 3600)
    return f"{hour:02d}:{second // 60:02d}  {_summary(traffic.done)}"


def _summary(done: Done) -> str:
    return (
        f"{done.written:,} registered, {done.found:,} resolved, {done.missing:,} not found, "
        f"{done.failed:,} failed, {done.skipped:,} skipped"
    )
