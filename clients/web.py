"""An asyncio client of the HTTP faces: the JSON API and the bulk API, over aiohttp.

::

    async with Client("http://127.0.0.1:8000", Credential(301, "0.NA/88.900.1", "…")) as client:
        await client.create("88.900.1/cup", [HandleValue(1, "URL", b"https://example.org/cup")])
"""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

import aiohttp
from yarl import URL

from idnode.clients import bulk, web_session
from idnode.clients.answer import Answer, Question, as_handle
from idnode.clients.errors import ConnectionFailed, ConnectionLost, MalformedAnswer, TimedOut
from idnode.clients.trust import trust_of
from idnode.clients.web_requests import (
    BODY_BYTES_MAX,
    Call,
    Credential,
    HandlesPage,
    HttpResponse,
    Written,
    creation,
    deletion,
    listing,
    putting,
    resolution,
)
from idnode.clients.web_session import WebSession
from idnode.registry.handle.clock import Clock, SystemClock

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from idnode.clients.identity import Identity
    from idnode.registry.handle.model import HandleValue

Result = TypeVar("Result")

TIMEOUT_SECONDS: Final = 30.0
PAGE_HANDLES: Final = 10_000


class Client:
    """One HTTP or HTTPS server; connections are kept alive and reused, at most ``connections_max`` at once.

    ``ca_file`` is a PEM file with the certificate to trust, for a server whose certificate nobody vouches for.
    """

    def __init__(  # noqa: PLR0913  # all but two by keyword
        self,
        base: str = "http://127.0.0.1:8000",
        credential: Credential | WebSession | None = None,
        *,
        connections_max: int = 16,
        timeout_seconds: float = TIMEOUT_SECONDS,
        ca_file: "Path | str | None" = None,
        clock: Clock | None = None,
    ) -> None:
        self.base = base.rstrip("/")
        self._credential = credential
        self._trust = trust_of(ca_file)
        self._clock = clock or SystemClock()
        self._connections_max = connections_max
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Self":
        return self

    async def __aexit__(
        self,
        kind: "type[BaseException] | None",
        error: "BaseException | None",
        trace: "TracebackType | None",
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(
        self, handle: bytes | str, *, indexes: tuple[int, ...] = (), types: tuple[str, ...] = ()
    ) -> Answer:
        """Return the values of a handle that match an index or a type, all of them without either.

        Raises:
            NotAnswered: No usable answer came.
            Refused: The server answered with another code than success; the leaf says which.

        """
        return (await self.query(Question.of(handle, indexes=indexes, types=types))).checked()

    async def query(self, question: Question) -> Answer:
        """Return the answer to a question, whatever its response code.

        Raises:
            NotAnswered: No usable answer came.
            AuthenticationFailed: The credential was not accepted.

        """
        return await self.do(resolution(question))

    async def create(
        self, handle: bytes | str, values: "Sequence[HandleValue]", *, overwrite: bool = False
    ) -> Written:
        """Create a record; with ``overwrite`` an older one is replaced whole.

        Raises:
            NotAnswered: No usable answer came; the record may have been created.
            HandleExists: There is one already.
            Refused: The server refused otherwise.

        """
        return await self.do(creation(as_handle(handle), values, overwrite=overwrite))

    async def put_values(
        self, handle: bytes | str, values: "Sequence[HandleValue]", *, overwrite: bool = True
    ) -> Written:
        """Add values to a record; with ``overwrite`` those at the same indexes are replaced.

        Raises:
            NotAnswered: No usable answer came; the values may have been written.
            ValueExists: An index is taken.
            Refused: The server refused otherwise.

        """
        return await self.do(putting(as_handle(handle), values, overwrite=overwrite))

    async def delete(self, handle: bytes | str) -> Written:
        """Delete a record.

        Raises:
            NotAnswered: No usable answer came; the record may be gone.
            HandleNotFound: There is none.
            Refused: The server refused otherwise.

        """
        return await self.do(deletion(as_handle(handle)))

    async def delete_values(self, handle: bytes | str, indexes: Sequence[int]) -> Written:
        """Delete the values at these indexes.

        Raises:
            ValueError: No index is given; that would delete the record.
            NotAnswered: No usable answer came; the values may be gone.
            ValuesNotFound: An index is not there.
            Refused: The server refused otherwise.

        """
        if not indexes:
            raise ValueError("Deleting values takes at least one index")
        return await self.do(deletion(as_handle(handle), indexes))

    async def pages(
        self, prefix: str, *, page_size: int = PAGE_HANDLES
    ) -> AsyncIterator[HandlesPage]:
        """Yield the handles of a prefix page by page; writes meanwhile may shift what follows.

        Raises:
            NotAnswered: No usable answer came.
            Refused: The server refused, e.g. without the right to list.

        """
        page = 0
        while True:
            found = await self.do(listing(prefix, page=page, page_size=page_size))
            if found.handles:
                yield found
            if len(found.handles) < page_size:
                return
            page += 1

    async def sign_in(self, identity: "Identity") -> None:
        """Open a session, prove an identity in it, and have all that follows go out in its name.

        Raises:
            NotAnswered: No usable answer came.
            AuthenticationFailed: The identity was not accepted, or the server takes sessions over HTTPS only.

        """
        opened = await self.do(web_session.opening())
        self._credential = await self.do(web_session.signing_in(opened, identity))

    async def sign_out(self) -> None:
        """End the session; what follows is asked by nobody in particular.

        Raises:
            NotAnswered: No usable answer came.
            AuthenticationFailed: The session was over already.

        """
        if isinstance(self._credential, WebSession):
            session, self._credential = self._credential, None
            await self.do(web_session.signing_out(session))

    async def batch(
        self,
        items: "Sequence[bulk.Item]",
        *,
        overwrite: bool = False,
        all_or_nothing: bool = False,
    ) -> bulk.BatchResult:
        """Register many identifiers in one request; a refused one does not fail the others.

        Raises:
            NotAnswered: No usable answer came; any of them may have been registered.
            Refused: The whole batch was refused.

        """
        return await self.do(bulk.batch(items, overwrite=overwrite, all_or_nothing=all_or_nothing))

    async def resolve_many(
        self, handles: Sequence[bytes | str], *, restricted: bool = False
    ) -> list[Answer]:
        """Return one answer for each handle, in order, whatever their response codes.

        ``restricted`` asks for values without public read too, where the caller may read them.

        Raises:
            NotAnswered: No usable answer came.
            Refused: The whole request was refused.

        """
        return await self.do(
            bulk.resolution([as_handle(handle) for handle in handles], restricted=restricted)
        )

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
        except TimeoutError as error:
            raise TimedOut(f"{self.base} did not answer in time") from error
        except aiohttp.ClientConnectorError as error:
            raise ConnectionFailed(f"No connection to {self.base}: {error}") from error
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            raise ConnectionLost(f"{self.base} closed the connection: {error}") from error
        except aiohttp.ClientError as error:
            raise MalformedAnswer(f"{self.base} does not speak HTTP: {error}") from error
        seconds = self._clock.elapsed() - started
        return HttpResponse(status, body, seconds, self.base)

    def _new_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=self._connections_max, ssl=self._trust)
        session = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
        # aiohttp would send a PUT or DELETE again on its own, and a write that had been carried out would
        # then be reported as refused (exists, not found). There is no public setting.
        session._retry_connection = False  # noqa: SLF001
        return session


async def _body_of(response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    taken = 0
    async for part in response.content.iter_any():
        taken += len(part)
        if taken > BODY_BYTES_MAX:
            raise MalformedAnswer(f"The answer is longer than {BODY_BYTES_MAX} bytes")
        parts.append(part)
    return b"".join(parts)
