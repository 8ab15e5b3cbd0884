"""A blocking client of the HTTP faces over the standard library, for commands and scripts.

One connection, kept alive, one caller at a time.
"""

import http.client
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from idnode.clients.calls import Blocking, run
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


class Client(WebCalls, Blocking):
    """One HTTP server over one connection; what the methods promise and raise is told in `idnode.clients.web`."""

    def __init__(
        self,
        base: str = "http://127.0.0.1:8000",
        credential: "Credential | WebSession | None" = None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        ca_file: "Path | str | None" = None,
        clock: "Clock | None" = None,
    ) -> None:
        super().__init__(base, credential, clock)
        self._path, self._connection = _connection_for(self.base, timeout_seconds, ca_file)

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._connection.close()

    def _perform(self, step: Call[Any]) -> Any:
        return self.do(step)

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
            status, body, retry_after = self._send(call)
        except (ConnectionFailed, ConnectionLost, MalformedAnswer):
            self.close()
            raise
        except TimeoutError as error:
            self.close()
            raise TimedOut(f"{self.base} did not answer in time") from error
        seconds = self._clock.elapsed() - started
        return call.read(HttpResponse(status, body, seconds, self.base, retry_after))

    def _send(self, call: Call[Result]) -> tuple[int, bytes, str]:
        reused = self._connection.sock is not None
        try:
            return self._send_once(call)
        except ConnectionLost:
            # A server may close an idle connection at any time; only harmless calls are sent again.
            if not reused or call.method != "GET":
                raise
            self.close()
            return self._send_once(call)

    def _send_once(self, call: Call[Result]) -> tuple[int, bytes, str]:
        """Return status, body, and the header Retry-After."""
        connection = self._connection
        try:
            if connection.sock is None:
                connection.connect()
        except TimeoutError:  # an OSError, too, but told as `TimedOut` by who calls
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
        return response.status, body, response.headers.get("Retry-After", "")


class TokenClient(TokenCalls, Blocking):
    """A blocking client over ``_web``, which it closes."""

    _web: Client

    def close(self) -> None:
        """Close the connection."""
        self._web.close()

    def do(self, make: WithToken[Result]) -> Result:
        """Carry out any call of the API, as `idnode.clients.web.TokenClient.do` does."""
        return run(self._with_token(make), self._perform)

    def _perform(self, step: Call[Any]) -> Any:
        return self._web.do(step)


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
