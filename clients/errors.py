"""Describes what a caller of any client may catch, made from response codes in one table.

::

    ClientError
    ├── NotAnswered             nothing usable came back; whether the request was carried out is unknown
    │   ├── TimedOut            no complete answer in time, over every transport that was tried
    │   ├── ConnectionFailed    no connection: refused, unreachable, or the name does not resolve
    │   ├── ConnectionLost      the peer closed before its answer was complete
    │   └── MalformedAnswer     what came breaks the protocol
    └── Refused                 the peer answered with another code than success
        └── one class for each kind of refusal, see `ERROR_OF_CODE`

Codes and their meanings: handle-protocol.md §2.3.
"""

from typing import TYPE_CHECKING, Final, Protocol

from idnode.registry.handle.wire.constants import ResponseCode, name_of_response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idnode.registry.handle.model import HandleValue


class RefusedAnswer(Protocol):
    """An answer as its refusal shows it: the members of `idnode.clients.answer.Answer` that tell why."""

    @property
    def handle(self) -> bytes:
        """The handle that was asked for."""
        ...

    @property
    def response_code(self) -> int:
        """The code on the wire."""
        ...

    @property
    def message(self) -> str:
        """The peer's own words."""
        ...

    @property
    def referral(self) -> bytes:
        """The handle that is referred to (302, 303)."""
        ...

    @property
    def values(self) -> "Sequence[HandleValue]":
        """The values of the referral, or those that came all the same."""
        ...


class ClientError(Exception):
    """Root of everything that a client raises on purpose."""


class NotAnswered(ClientError):
    """Nothing usable came back; whether the request was carried out is unknown."""


class TimedOut(NotAnswered):
    """No complete answer came in time, over every transport that was tried."""


class ConnectionFailed(NotAnswered):
    """No connection could be made: refused, unreachable, or the host name does not resolve."""


class ConnectionLost(NotAnswered):
    """The peer closed the connection before its answer was complete."""


class MalformedAnswer(NotAnswered):
    """The answer breaks the protocol, or is more than this client takes."""


class Refused(ClientError):
    """The peer answered, with another code than success.

    ``response_code`` is the code on the wire, ``message`` the peer's own words (often empty), and
    ``answer`` the whole answer where the request was a resolution.
    """

    def __init__(
        self, response_code: int, message: str = "", answer: RefusedAnswer | None = None
    ) -> None:
        name = name_of_response(response_code)
        super().__init__(
            f"{name} ({response_code}): {message}" if message else f"{name} ({response_code})"
        )
        self.response_code = response_code
        self.message = message
        self.answer = answer


class ServerFailed(Refused):
    """The server could not process the request (2)."""


class ServerBusy(Refused):
    """The server takes no such request now, try again later (3, 7)."""

    retry_after: float | None = None
    """Seconds after which to come back, where an HTTP server says so."""


class ProtocolRefused(Refused):
    """The server could not read the request (4)."""


class OperationNotSupported(Refused):
    """The server does not know the operation (5)."""


class RecursionTooDeep(Refused):
    """The request went through too many servers (6)."""


class HandleNotFound(Refused):
    """The handle has no record (100)."""


class HandleExists(Refused):
    """The handle to be created has a record already (101)."""


class InvalidHandle(Refused):
    """The server does not take this as a handle (102)."""


class ValuesNotFound(Refused):
    """The record has no value that was asked for (200)."""


class ValueExists(Refused):
    """The record has a value at this index already (201)."""


class InvalidValue(Refused):
    """The server does not take this as a value (202)."""


class SiteOutOfDate(Refused):
    """The client's knowledge of the site is older than the site (300)."""


class NotResponsible(Refused):
    """The prefix does not live on this server (301)."""


class Referral(Refused):
    """Another service answers for this handle (302) or prefix (303); see ``answer.referral``."""


class InvalidAdministrator(Refused):
    """The identity is no administrator of the handle (400)."""


class InsufficientPermission(Refused):
    """The administrator lacks the right for this operation (401)."""


class AuthenticationNeeded(Refused):
    """The operation needs a proven identity (402)."""


class AuthenticationFailed(Refused):
    """The identity could not be proven (403 to 406)."""


class SessionFailed(Refused):
    """The session or the login behind the request is missing, expired or broken (407, 408, 500 to 505)."""


class UnknownRefusal(Refused):
    """A response code outside the table."""


ERROR_OF_CODE: Final[dict[int, type[Refused]]] = {
    ResponseCode.ERROR: ServerFailed,
    ResponseCode.SERVER_BUSY: ServerBusy,
    ResponseCode.PROTOCOL_ERROR: ProtocolRefused,
    ResponseCode.OPERATION_NOT_SUPPORTED: OperationNotSupported,
    6: RecursionTooDeep,
    7: ServerBusy,
    100: HandleNotFound,
    101: HandleExists,
    102: InvalidHandle,
    200: ValuesNotFound,
    201: ValueExists,
    202: InvalidValue,
    300: SiteOutOfDate,
    301: NotResponsible,
    302: Referral,
    303: Referral,
    400: InvalidAdministrator,
    401: InsufficientPermission,
    402: AuthenticationNeeded,
    403: AuthenticationFailed,
    404: AuthenticationFailed,
    405: AuthenticationFailed,
    406: AuthenticationFailed,
    407: SessionFailed,
    408: SessionFailed,
    500: SessionFailed,
    501: SessionFailed,
    502: SessionFailed,
    503: SessionFailed,
    504: SessionFailed,
    505: SessionFailed,
}
"""Response code to the class that is raised for it; a code that is not here is an `UnknownRefusal`."""


def error_for(
    response_code: int, message: str = "", answer: RefusedAnswer | None = None
) -> Refused:
    """Return the error that stands for a response code other than success."""
    return ERROR_OF_CODE.get(response_code, UnknownRefusal)(response_code, message, answer)
