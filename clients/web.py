"""An asyncio client of the HTTP faces: the JSON API and the bulk API, over aiohttp.

::

    async with Client("http://127.0.0.1:8000", Credential(301, "0.NA/88.900.1", "…")) as client:
        await client.create("88.900.1/cup", [HandleValue(1, "URL", b"https://example.org/cup")])
"""

from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
from yarl import URL

from idnode.clients.calls import Waiting, run_waiting
from idnode.clients.errors import ConnectionFailed, ConnectionLost, MalformedAnswer, TimedOut
from idnode.clients.token_calls import TokenCalls
from idnode.clients.trust import trust_of
from idnode.clients.web_calls import TIMEOUT_SECONDS, WebCalls
from idnode.clients.web_requests import BODY_BYTES_MAX, Call, Credential, HttpResponse, WithToken

if TYPE_CHECKING:
    from pathlib import Path

    from idnode.clients.web_session import WebSession
    from idnode.registry.handle.clock import Clock

__all__ = ["TIMEOUT_SECONDS", "Client", "Credential", "TokenClient"]

Result = TypeVar("Result")


class Client(WebCalls, Waiting):
    """One HTTP or HTTPS server; connections are kept alive and reused, at most ``connections_max`` at once.

    ``ca_file`` is a PEM file with the certificate to trust, for a server whose certificate nobody vouches for.
    """

    def __init__(  # noqa: PLR0913  # all but two by keyword
        self,
        base: str = "http://127.0.0.1:8000",
        credential: "Credential | WebSession | None" = None,
        *,
        connections_max: int = 16,
        timeout_seconds: float = TIMEOUT_SECONDS,
        ca_file: "Path | str | None" = None,
        clock: "Clock | None" = None,
    ) -> None:
        super().__init__(base, credential, clock)
        self._trust = trust_of(ca_file)
        self._connections_max = connections_max
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _perform(self, step: Call[Any]) -> Any:
        return await self.do(step)

    async def do(self, call: Call[Result]) -> Result:
        """Carry out any call.

        Raises:
            ConnectionFailed: No connection.
            TimedOut: No complete answer in time.
            ConnectionLost: The server closed before its answer was complete.
            MalformedAnswer: The answer is no HTTP, or longer than a client takes.
            Refused: What the call's own reader raises.

        """
        try:
            response = await self._send(call)
        except ConnectionLost:
            # A server may close an idle connection at any time; only harmless calls are sent again.
            if call.method != "GET":
                raise
            response = await self._send(call)
        return call.read(response)

    async def _send(self, call: Call[Result]) -> HttpResponse:
        session = self._session = self._session or self._new_session()
        url = URL(self.base + call.target, encoded=True)
        started = self._clock.elapsed()
        try:
            async with session.request(
                call.method,
                url,
                data=call.body or None,
                headers=call.headers(self._credential),
                allow_redirects=False,
            ) as response:
                body = await _body_of(response)
                status = response.status
                retry_after = response.headers.get("Retry-After", "")
        except TimeoutError as error:
            raise TimedOut(f"{self.base} did not answer in time") from error
        except aiohttp.ClientConnectorError as error:
            raise ConnectionFailed(f"No connection to {self.base}: {error}") from error
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            raise ConnectionLost(f"{self.base} closed the connection: {error}") from error
        except aiohttp.ClientError as error:
            raise MalformedAnswer(f"{self.base} does not speak HTTP: {error}") from error
        seconds = self._clock.elapsed() - started
        return HttpResponse(status, body, seconds, self.base, retry_after)

    def _new_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=self._connections_max, ssl=self._trust)
        session = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
        # aiohttp would send a PUT or DELETE again on its own, and a write that had been carried out would
        # then be reported as refused (exists, not found). There is no public setting.
        session._retry_connection = False  # noqa: SLF001
        return session


class TokenClient(TokenCalls, Waiting):
    """An asyncio client over ``_web``, which it closes."""

    _web: Client

    async def close(self) -> None:
        """Close every connection."""
        await self._web.close()

    async def do(self, make: WithToken[Result]) -> Result:
        """Carry out any call of the API.

        A call that is refused for the sake of its token was not carried out, so it is sent again with a new
        one, whatever it does.

        Raises:
            ClientError: The node refused (the API's own refusals say how), or no usable answer came (`NotAnswered`): a
                write may have been carried out.

        """
        return await run_waiting(self._with_token(make), self._perform)

    async def _perform(self, step: Call[Any]) -> Any:
        return await self._web.do(step)


async def _body_of(response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    taken = 0
    async for part in response.content.iter_any():
        taken += len(part)
        if taken > BODY_BYTES_MAX:
            raise MalformedAnswer(f"The answer is longer than {BODY_BYTES_MAX} bytes")
        parts.append(part)
    return b"".join(parts)
