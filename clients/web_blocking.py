"""A blocking client of the HTTP faces over the standard library, for commands and scripts.

One connection, kept alive, one caller at a time.
"""

import http.client
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlsplit

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
    """One HTTP server over one connection; what the methods promise and raise is told in `idnode.clients.web`."""

    def __init__(
        self,
        base: str = "http://127.0.0.1:8000",
        credential: Credential | WebSession | None = None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        ca_file: "Path | str | None" = None,
        clock: Clock | None = None,
    ) -> None:
        self.base = base.rstrip("/")
        self._credential = credential
        self._clock = clock or SystemClock()
        self._path, self._connection = _connection_for(self.base, timeout_seconds, ca_file)

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self,
        kind: "type[BaseException] | None",
        error: "BaseException | None",
        trace: "TracebackType | None",
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._connection.close()

    def get(
        self, handle: bytes | str, *, indexes: tuple[int, ...] = (), types: tuple[str, ...] = ()
    ) -> Answer:
        """Return the values of a handle that match an index or a type, all of them without either."""
        return self.query(Question.of(handle, indexes=indexes, types=types)).checked()

    def query(self, question: Question) -> Answer:
        """Return the answer to a question, whatever its response code."""
        return self.do(resolution(question))

    def create(
        self, handle: bytes | str, values: "Sequence[HandleValue]", *, overwrite: bool = False
    ) -> Written:
        """Create a record; with ``overwrite`` an older one is replaced whole."""
        return self.do(creation(as_handle(handle), values, overwrite=overwrite))

    def put_values(
        self, handle: bytes | str, values: "Sequence[HandleValue]", *, overwrite: bool = True
    ) -> Written:
        """Add values to a record; with ``overwrite`` those at the same indexes are replaced."""
        return self.do(putting(as_handle(handle), values, overwrite=overwrite))

    def delete(self, handle: bytes | str) -> Written:
        """Delete a record."""
        return self.do(deletion(as_handle(handle)))

    def delete_values(self, handle: bytes | str, indexes: Sequence[int]) -> Written:
        """Delete the values at these indexes, at least one."""
        if not indexes:
            raise ValueError("Deleting values takes at least one index")
        return self.do(deletion(as_handle(handle), indexes))

    def pages(self, prefix: str, *, page_size: int = PAGE_HANDLES) -> Iterator[HandlesPage]:
        """Yield the handles of a prefix page by page; writes meanwhile may shift what follows."""
        page = 0
        while True:
            found = self.do(listing(prefix, page=page, page_size=page_size))
            if found.handles:
                yield found
            if len(found.handles) < page_size:
                return
            page += 1

    def sign_in(self, identity: "Identity") -> None:
        """Open a session, prove an identity in it, and have all that follows go out in its name."""
        opened = self.do(web_session.opening())
        self._credential = self.do(web_session.signing_in(opened, identity))

    def sign_out(self) -> None:
        """End the session; what follows is asked by nobody in particular."""
        if isinstance(self._credential, WebSession):
            session, self._credential = self._credential, None
            self.do(web_session.signing_out(session))

    def batch(
        self,
        items: "Sequence[bulk.Item]",
        *,
        overwrite: bool = False,
        all_or_nothing: bool = False,
    ) -> bulk.BatchResult:
        """Register many identifiers in one request; a refused one does not fail the others."""
        return self.do(bulk.batch(items, overwrite=overwrite, all_or_nothing=all_or_nothing))

    def resolve_many(
        self, handles: Sequence[bytes | str], *, restricted: bool = False
    ) -> list[Answer]:
        """Return one answer for each handle, in order, whatever their response codes.

        ``restricted`` asks for values without public read too, where the caller may read them.
        """
        return self.do(
            bulk.resolution([as_handle(handle) for handle in handles], restricted=restricted)
        )

    def do(self, call: Call[Result]) -> Result:
        """Carry out any call.

        Raises:
            ConnectionFailed: No connection.
            TimedOut: No complete answer in time.
            ConnectionLost: The server closed before its answer was complete.
            MalformedAnswer: The answer is no HTTP, or longer than a client takes.
            Refused: What the call's own reader raises.

        """
        started = self._clock.elapsed()
        try:
            status, body = self._send(call)
        except (ConnectionFailed, ConnectionLost, MalformedAnswer):
            self.close()
            raise
        except TimeoutError as error:
            self.close()
            raise TimedOut(f"{self.base} did not answer in time") from error
        seconds = self._clock.elapsed() - started
        return call.read(HttpResponse(status, body, seconds, self.base))

    def _send(self, call: Call[Result]) -> tuple[int, bytes]:
        reused = self._connection.sock is not None
        try:
            return self._send_once(call)
        except ConnectionLost:
            # A server may close an idle connection at any time; only harmless calls are sent again.
            if not reused or call.method != "GET":
                raise
            self.close()
            return self._send_once(call)

    def _send_once(self, call: Call[Result]) -> tuple[int, bytes]:
        connection = self._connection
        try:
            if connection.sock is None:
                connection.connect()
        except TimeoutError:
            raise
        except OSError as error:
            raise ConnectionFailed(f"No connection to {self.base}: {error}") from error
        try:
            connection.request(
                call.method,
                self._path + call.target,
                body=call.body or None,
                headers=call.headers(self._credential),
            )
            with connection.getresponse() as response:
                body = response.read(BODY_BYTES_MAX + 1)
                missing = response.length or 0
        except (http.client.RemoteDisconnected, http.client.IncompleteRead) as error:
            raise ConnectionLost(f"{self.base} closed the connection: {error}") from error
        except http.client.HTTPException as error:
            raise MalformedAnswer(f"{self.base} does not speak HTTP: {error!r}") from error
        except TimeoutError:
            raise
        except OSError as error:
            raise ConnectionLost(f"{self.base} closed the connection: {error}") from error
        if len(body) > BODY_BYTES_MAX:
            raise MalformedAnswer(f"The answer is longer than {BODY_BYTES_MAX} bytes")
        if missing:
            # http.client reports a short body itself only when it is read without a bound.
            raise ConnectionLost(f"{self.base} closed the connection {missing} bytes too early")
        return response.status, body


def _connection_for(
    base: str, timeout: float, ca_file: "Path | str | None"
) -> tuple[str, http.client.HTTPConnection]:
    """Return the path in front of all targets, and a connection that is not open yet."""
    parts = urlsplit(base)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{base!r} is no http:// or https:// address")
    if parts.scheme == "http":
        return parts.path, http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    trust = trust_of(ca_file)
    context = None if trust is True else trust
    return parts.path, http.client.HTTPSConnection(
        parts.hostname, parts.port, timeout=timeout, context=context
    )
