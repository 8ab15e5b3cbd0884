"""The HTTP port put together: the faces' server, the certificate, and the listener that speaks both."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from aiohttp import web

from idnode.node.addresses import WILDCARDS
from idnode.node.binding import explained
from idnode.node.data_directory import KEYS
from idnode.node.defaults import SettingsRefused
from idnode.node.faces.http.listener import HttpListener, ListenerLimits
from idnode.node.faces.http.tls import CertificateUnusable, server_context
from idnode.node.first_start.certificate import CertificateFiles, load_or_make
from idnode.node.settings import Settings, is_loopback
from idnode.registry.handle.clock import Clock


async def listen(
    settings: Settings,
    runner: web.AppRunner,
    clock: Clock,
    refused: Callable[[str], None],
    running: AsyncExitStack,
) -> HttpListener:
    """Serve an application over plain HTTP and HTTPS on the HTTP port, until ``running`` is closed.

    ``refused`` is told a word about each connection that ended before it was one.

    Raises:
        PortRefused: The port cannot be had.
        SettingsRefused: The operator's certificate cannot be used.
        KeyFileUnusable: The node's own key file holds something else.
        OSError: The disk refused.

    """
    await runner.setup()
    running.push_async_callback(runner.cleanup)
    assert runner.server is not None, "the runner is set up"
    files = await asyncio.to_thread(_certificate, settings, clock.now())
    try:
        tls = server_context(*files)
    except CertificateUnusable as error:
        raise SettingsRefused(f"tls_certificate, tls_key: {error}") from error
    limits = ListenerLimits(silence_seconds=settings.idle_timeout)
    listener = HttpListener(runner.server, tls, refused, limits)
    async with explained(settings, "http_port"):
        await listener.start(settings.host, settings.http_port)
    running.push_async_callback(listener.stop)
    return listener


def _certificate(settings: Settings, now: float) -> CertificateFiles:
    if settings.tls_certificate is not None and settings.tls_key is not None:
        return CertificateFiles(settings.tls_certificate, settings.tls_key)
    return load_or_make(settings.data_dir / KEYS, _names(settings), now)


def _names(settings: Settings) -> list[str]:
    """Return what clients may call this node, besides its loopback names."""
    told = [] if settings.site_address is None else [str(settings.site_address)]
    bound = [] if settings.host in WILDCARDS or is_loopback(settings.host) else [settings.host]
    return told + bound
