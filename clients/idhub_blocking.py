"""A blocking client of the IDHub API, over the standard library; what the methods promise is told in `idnode.clients.idhub`."""

from typing import TYPE_CHECKING

from idnode.clients.idhub_calls import IdhubCalls
from idnode.clients.web_blocking import Client as WebClient
from idnode.clients.web_blocking import TokenClient
from idnode.clients.web_calls import TIMEOUT_SECONDS

if TYPE_CHECKING:
    from idnode.clients.idhub_requests import ApplicationIdentity
    from idnode.registry.handle.clock import Clock


class Client(IdhubCalls, TokenClient):
    """One node and one application, which proves who it is when a token is needed."""

    def __init__(
        self,
        base: str,
        identity: "ApplicationIdentity",
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        clock: "Clock | None" = None,
    ) -> None:
        super().__init__(identity)
        self._web = WebClient(base, timeout_seconds=timeout_seconds, clock=clock)
