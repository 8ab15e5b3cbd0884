"""Binding the faces to their ports, and saying clearly which port could not be had."""

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from idnode.node.addresses import WILDCARDS
from idnode.node.data_directory import KEYS
from idnode.node.defaults import SettingsRefused
from idnode.node.exposure import is_loopback
from idnode.node.faces.http import turned_away
from idnode.node.faces.http.listener import HttpListener, ListenerLimits
from idnode.node.faces.http.tls import CertificateUnusable, server_context
from idnode.node.faces.sockets import bound_sockets, bound_streams
from idnode.node.faces.table import FACES
from idnode.node.first_start.certificate import CertificateFiles, load_or_make
from idnode.node.open_files import Shares
from idnode.node.ops.busy import ONE_TOO_MANY, Busy, Staying
from idnode.node.settings import Settings, flag_of, variable_of
from idnode.registry.handle.clock import Clock
from idnode.registry.handle.limits import HANDLE_BYTES_MAX

PAIR_TRIES_MAX: Final = 20
"""Tries to find a free port that is free for TCP and UDP alike."""


class PortRefused(OSError):
    """A port cannot be bound; the message names it, why, and the flag that changes it."""


@dataclass(frozen=True, slots=True)
class HandleSockets:
    """The sockets of both binary faces, all on one port number, which nobody serves yet."""

    tcp: list[socket.socket]
    udp: list[socket.socket]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are bound."""
        host, port = self.tcp[0].getsockname()[:2]
        return str(host), int(port)

    def close(self) -> None:
        """Give the port back."""
        for each in (*self.tcp, *self.udp):
            each.close()


async def bind_handle(settings: Settings, udp_sockets: int) -> HandleSockets:
    """Bind both binary faces to one port number; any that is free for both when the setting is 0.

    Raises:
        PortRefused: It cannot be had.

    """
    tries = PAIR_TRIES_MAX if settings.handle_port == 0 else 1
    while True:
        tries -= 1
        async with explained(settings, "handle_port"):
            tcp = await bound_streams(settings.host, settings.handle_port)
        try:
            port = tcp[0].getsockname()[1]
            async with explained(settings, "handle_port"):
                udp = await bound_sockets(settings.host, port, udp_sockets)
        except PortRefused:
            for each in tcp:
                each.close()
            if not tries:
                raise
        else:
            return HandleSockets(tcp, udp)


async def bind_admin(
    settings: Settings,
    app: web.Application,
    granted: Shares,
    running: AsyncExitStack,
    options: dict[str, Any],
) -> tuple[str, int]:
    """Serve the management app on its port until ``running`` is closed, and return what was bound.

    As many connections are served as are ``granted``; one that asks for nothing gives way to another.

    Raises:
        PortRefused: The port cannot be had.

    """
    busy = Busy()
    app.middlewares.insert(0, busy.middleware)
    server = Staying(await _set_up(web.AppRunner(app, **options), running))
    limits = ListenerLimits(
        connections_max=granted.admin,
        undecided_max=granted.admin,
        silence_seconds=settings.idle_timeout,
    )
    listener = HttpListener(
        server,
        None,
        _ignored,
        limits,
        turned_away=lambda _head: turned_away.answer(ONE_TOO_MANY, close=True),
        give_way=lambda: busy.have_one_leave(server.connections),
    )
    async with explained(settings, "admin_port"):
        listener.start(await bound_streams(settings.admin_host, settings.admin_port))
    running.push_async_callback(listener.stop)
    return listener.address


async def _set_up(runner: web.AppRunner, running: AsyncExitStack) -> web.Server:
    await runner.setup()
    running.push_async_callback(runner.cleanup)
    assert runner.server is not None, "the runner is set up"
    return runner.server


def _ignored(_word: str) -> None:
    """Take no notice: nothing counts what becomes of connections for management."""


def host_of(settings: Settings, name: str) -> str:
    """Return the address to bind the port of this setting to."""
    return settings.admin_host if name == "admin_port" else settings.host


@asynccontextmanager
async def explained(settings: Settings, name: str) -> AsyncIterator[None]:
    """Turn the system's refusal of a port into one that names the setting."""
    try:
        yield
    except (OSError, UnicodeError) as error:
        port = getattr(settings, name)
        reason = str(error)
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            reason = f"port {port} is taken by another process"
        elif getattr(error, "errno", None) == errno.EACCES:
            reason = f"port {port} takes more rights than this process has"
        raise PortRefused(
            f"cannot listen on {host_of(settings, name)}:{port}: {reason}; "
            f"choose another port with {flag_of(name)} or {variable_of(name)} (0: any free one)"
        ) from error


async def bind_web(
    settings: Settings, running: AsyncExitStack, name: str = "http_port"
) -> list[socket.socket]:
    """Bind the HTTP port of this setting, on which `listen` will serve.

    Raises:
        PortRefused: It cannot be had.

    """
    async with explained(settings, name):
        bound = await bound_streams(settings.host, getattr(settings, name))
    for each in bound:
        running.callback(each.close)
    return bound


def runner_options(settings: Settings) -> dict[str, Any]:
    """Return how aiohttp is to serve an application of the node."""
    return {
        "access_log": None,
        "shutdown_timeout": settings.drain_timeout,
        "keepalive_timeout": settings.idle_timeout,
        # The longest handle fits into a path, each of its bytes percent-encoded.
        "max_line_size": 4 * HANDLE_BYTES_MAX,
    }


async def listen(  # noqa: PLR0913, PLR0917  # the parts of one port
    settings: Settings,
    bound: Mapping[str, list[socket.socket]],
    runner: web.AppRunner,
    clock: Clock,
    refused: Callable[[str], None],
    running: AsyncExitStack,
    *,
    granted: Shares,
    instead: Callable[[], ssl.SSLContext | None],
) -> list[HttpListener]:
    """Serve an application over plain HTTP and HTTPS on bound sockets, until ``running`` is closed.

    ``bound`` are the sockets by the settings of their ports; what is returned are the listeners, in this order.
    ``refused`` is told a word about each connection that ended before it was one. As many are served
    as are ``granted``. What ``instead`` returns is offered to a connection in place of the certificate.

    Raises:
        PortRefused: The port cannot be had.
        SettingsRefused: The operator's certificate cannot be used.
        KeyFileUnusable: The node's own key file holds something else.
        OSError: The disk refused.

    """
    server = await _set_up(runner, running)
    tls = await tls_of(settings, clock)
    limits = ListenerLimits(
        connections_max=granted.http,
        undecided_max=granted.silent,
        silence_seconds=settings.idle_timeout,
    )
    told = turned_away.TurnedAway(FACES)
    listeners = []
    for name, sockets in bound.items():
        listener = HttpListener(server, tls, refused, limits, turned_away=told, instead=instead)
        async with explained(settings, name):
            listener.start(sockets)
        running.push_async_callback(listener.stop)
        listeners.append(listener)
    return listeners


async def tls_of(settings: Settings, clock: Clock) -> ssl.SSLContext:
    """Return what HTTPS offers, of the files as they are now.

    Raises:
        SettingsRefused: The operator's certificate cannot be used.
        KeyFileUnusable: The node's own key file holds something else.
        OSError: The disk refused.

    """
    files = await asyncio.to_thread(_certificate, settings, clock.now())
    try:
        return server_context(*files)
    except CertificateUnusable as error:
        raise SettingsRefused(f"tls_certificate, tls_key: {error}") from error


def _certificate(settings: Settings, now: float) -> CertificateFiles:
    if settings.tls_certificate is not None and settings.tls_key is not None:
        return CertificateFiles(settings.tls_certificate, settings.tls_key)
    return load_or_make(settings.data_dir / KEYS, _names(settings), now)


def _names(settings: Settings) -> list[str]:
    """Return what clients may call this node, besides its loopback names."""
    told = [] if settings.site_address is None else [str(settings.site_address)]
    bound = [] if settings.host in WILDCARDS or is_loopback(settings.host) else [settings.host]
    return told + bound
