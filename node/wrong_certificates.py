"""Certificates that do not fit, for connections that meet a fault; made when the first one does."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from idnode.node.faces.http.tls import server_context

if TYPE_CHECKING:
    import ssl

    from idnode.node.interceptors.faults.injector import FaultInjector


class WrongCertificates:
    """Returns what a TLS connection is offered instead of the node's certificate, None unless it meets a fault.

    They are issued by the node's own certificate, so that whoever trusts that finds nothing wrong but the name, or
    the date.
    """

    def __init__(self, keys: Path, injector: FaultInjector) -> None:
        self._keys = keys
        self._injector = injector
        self._made: dict[str, ssl.SSLContext] = {}

    def __call__(self) -> ssl.SSLContext | None:
        """Return what the next connection is offered."""
        action = self._injector.handshake()
        if action is None:
            return None
        if action.wrong not in self._made:
            self._made[action.wrong] = self._make(action.wrong)
        return self._made[action.wrong]

    def _make(self, wrong: str) -> ssl.SSLContext:
        from idnode.node.first_start.certificate import misfit  # noqa: PLC0415  # only for a fault

        with TemporaryDirectory() as folder:
            return server_context(*misfit(self._keys, Path(folder), expired=wrong == "expired"))
