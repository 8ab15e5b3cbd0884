"""Binding the faces to their ports, and saying clearly which port could not be had."""

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from idnode.node.faces.handle.tcp import HandleTcp
from idnode.node.faces.handle.udp import HandleUdp
from idnode.node.faces.handle.udp_native import HandleUdpNative
from idnode.node.settings import Settings, flag_of, variable_of

PAIR_TRIES_MAX: Final = 20
"""Tries to find a free port that is free for TCP and UDP alike."""


class PortRefused(OSError):
    """A port cannot be bound; the message names it, why, and the flag that changes it."""


async def bind_handle_faces(
    settings: Settings, tcp: HandleTcp, udp: HandleUdp | HandleUdpNative
) -> None:
    """Start both binary faces on one port number; any that is free for both when the setting is 0.

    Raises:
        PortRefused: It cannot be had.

    """
    tries = PAIR_TRIES_MAX if settings.handle_port == 0 else 1
    for left in reversed(range(tries)):
        async with explained(settings, "handle_port"):
            await tcp.start(settings.host, settings.handle_port)
        try:
            async with explained(settings, "handle_port"):
                await udp.start(settings.host, tcp.address[1])
        except PortRefused:
            await tcp.stop(0)
            if not left:
                raise
        else:
            return


async def bind_http(settings: Settings, name: str, runner: web.AppRunner) -> tuple[str, int]:
    """Start a set-up HTTP application on the port of this setting and return what was bound.

    Raises:
        PortRefused: It cannot be had.

    """
    site = web.TCPSite(runner, settings.host, getattr(settings, name))
    async with explained(settings, name):
        await site.start()
    host, port = runner.addresses[0][:2]
    return str(host), int(port)


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
            f"cannot listen on {settings.host}:{port}: {reason}; "
            f"choose another port with {flag_of(name)} or {variable_of(name)} (0: any free one)"
        ) from error
