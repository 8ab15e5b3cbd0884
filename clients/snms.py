"""An asyncio client of the SNMS API, over aiohttp.

::

    async with Client("http://127.0.0.1:8000", Account("demo", "idnode-demo")) as client:
        await client.create(Identifier("88.900.1/P-1", "pump", (Attribute(2000, "model", "IS80"),)))
"""

from typing import TYPE_CHECKING

from idnode.clients.snms_calls import SnmsCalls
from idnode.clients.web import Client as WebClient
from idnode.clients.web import TokenClient
from idnode.clients.web_calls import TIMEOUT_SECONDS

if TYPE_CHECKING:
    from idnode.clients.snms_requests import Account
    from idnode.registry.handle.clock import Clock


class Client(SnmsCalls, TokenClient):
    """One node and one account; the token is asked for when it is needed, and again when it has expired."""

    def __init__(
        self,
        base: str,
        account: "Account",
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        clock: "Clock | None" = None,
    ) -> None:
        super().__init__(account, clock)
        self._web = WebClient(base, timeout_seconds=timeout_seconds, clock=self._clock)
