"""An asyncio client of the IDHub API, over aiohttp.

::

    key = load_pem_private_key(Path("app.pem").read_bytes(), None)
    identity = ApplicationIdentity("88.900.1/App_demo", lambda data: key.sign(data, PKCS1v15(), SHA256()))
    async with Client("http://127.0.0.1:3000", identity) as client:
        await client.create("88.900.1/P-1", template, {"model": "IS80"})
"""

from typing import TYPE_CHECKING

from idnode.clients.idhub_calls import IdhubCalls
from idnode.clients.web import Client as WebClient
from idnode.clients.web import TokenClient
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
