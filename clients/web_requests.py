"""Calls of the HTTP JSON API as data: what to send, and how to read what comes back. No I/O.

A `Call` is complete before anything is sent, so that the asyncio and the blocking web client differ only in
how they move it. Sources: handle-http-api.md §§1 to 7.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar
from urllib.parse import quote, urlencode

from idnode.clients.answer import Answer, Question, Transport
from idnode.clients.errors import AuthenticationFailed, MalformedAnswer, ServerBusy, error_for
from idnode.clients.json_values import from_json, to_json
from idnode.registry.handle.wire.constants import OpFlag, ResponseCode

if TYPE_CHECKING:
    from idnode.registry.handle.model import HandleValue

JSON_TYPE: Final = "application/json"
BODY_BYTES_MAX: Final = 256 << 20
"""Longest body that a client takes; a listing of a few million handles."""

_RESOLUTION_CODES: Final = frozenset(
    {
        ResponseCode.SUCCESS,
        ResponseCode.VALUES_NOT_FOUND,
        ResponseCode.SERVICE_REFERRAL,
        ResponseCode.PREFIX_REFERRAL,
    }
)
"""Codes whose bodies carry values."""

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Authorized(Protocol):
    """Names who asks: a `Credential`, or a session in which somebody signed in."""

    def authorization(self) -> str:
        """Return the ``Authorization`` header."""
        ...


@dataclass(frozen=True, slots=True)
class Credential:
    """Names who asks: the key value at ``index`` of ``handle``, proven by its secret (HS_SECKEY data).

    Over plain HTTP the secret can be read by everybody on the way.
    """

    index: int
    handle: str
    secret: str = field(repr=False)

    def authorization(self) -> str:
        """Return the Basic ``Authorization`` header (handle-http-api.md §7)."""
        user = quote(f"{self.index}:{self.handle}", safe="/")
        return "Basic " + b64encode(f"{user}:{self.secret}".encode()).decode()


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """Holds what came back: the status, the whole body, and the seconds it took."""

    status: int
    body: bytes
    seconds: float = 0.0
    server: str = ""
    retry_after: str = ""
    """The header of this name."""


@dataclass(frozen=True, slots=True)
class Call(Generic[Result_co]):
    """One request, and the reader of its response, which raises `ClientError` and nothing else."""

    method: str
    target: str
    read: Callable[[HttpResponse], Result_co]
    body: bytes = b""
    content_type: str = ""
    accept: str = JSON_TYPE
    authorization: str | None = None
    """In place of what the client's credential says; empty for none."""

    def headers(self, credential: Authorized | None) -> dict[str, str]:
        """Return the headers to send."""
        found = {"Accept": self.accept}
        if self.content_type:
            found["Content-Type"] = self.content_type
        authorization = self.authorization
        if authorization is None and credential is not None:
            authorization = credential.authorization()
        if authorization:
            found["Authorization"] = authorization
        return found


@dataclass(frozen=True, slots=True)
class BearerCall(Call[Result_co]):
    """A call with a token."""

    token: str = ""

    def headers(self, credential: Authorized | None) -> dict[str, str]:
        """Return the headers to send."""
        found = Call.headers(self, credential)
        if self.token:
            found["Authorization"] = f"Bearer {self.token}"
        return found


WithToken = Callable[[str], Call[Result]]
"""Makes a call once there is a token."""


@dataclass(frozen=True, slots=True)
class Written:
    """A write was carried out; ``created`` tells that nothing older was replaced."""

    handle: str
    created: bool


@dataclass(frozen=True, slots=True)
class HandlesPage:
    """One page of a listing, and how many handles the prefix has in all."""

    handles: tuple[str, ...]
    total_count: int

    def __len__(self) -> int:
        return len(self.handles)


def resolution(question: Question) -> Call[Answer]:
    """Return the call that asks for values; the answer comes back whatever its response code."""
    parameters: list[tuple[str, str | bytes]] = [
        *(("index", str(index)) for index in question.indexes),
        *(("type", entry) for entry in question.types),
    ]
    for flag, name in ((OpFlag.AUTHORITATIVE, "auth"), (OpFlag.DO_NOT_REFER, "doNotRefer")):
        if question.op_flags & flag:
            parameters.append((name, "true"))

    def read(response: HttpResponse) -> Answer:
        return _read_resolution(question, response)

    return Call("GET", _target(question.handle, parameters), read)


def creation(handle: bytes, values: Sequence["HandleValue"], *, overwrite: bool) -> Call[Written]:
    """Return the call that creates a record, or with ``overwrite`` replaces it whole."""
    return _writing(handle, values, [("overwrite", _switch(on=overwrite))])


def putting(handle: bytes, values: Sequence["HandleValue"], *, overwrite: bool) -> Call[Written]:
    """Return the call that adds values to a record, or with ``overwrite`` replaces those at their indexes."""
    parameters = [("index", "various"), ("overwrite", _switch(on=overwrite))]
    return _writing(handle, values, parameters)


def deletion(handle: bytes, indexes: Sequence[int] = ()) -> Call[Written]:
    """Return the call that deletes the values at these indexes, or without indexes the record."""
    parameters = [("index", str(index)) for index in indexes]
    return Call("DELETE", _target(handle, parameters), _read_written)


def listing(prefix: str, *, page: int, page_size: int) -> Call[HandlesPage]:
    """Return the call that lists handles of a prefix; pages count from 0."""
    query = urlencode([("prefix", prefix), ("page", page), ("pageSize", page_size)])
    return Call("GET", f"/api/handles?{query}", _read_page)


def _writing(
    handle: bytes, values: Sequence["HandleValue"], parameters: list[tuple[str, str]]
) -> Call[Written]:
    body = json.dumps({"values": [to_json(value) for value in values]}, ensure_ascii=False)
    return Call(
        "PUT", _target(handle, parameters), _read_written, body.encode(), content_type=JSON_TYPE
    )


def _target(handle: bytes, parameters: Sequence[tuple[str, str | bytes]]) -> str:
    # Slashes are encoded too, so that no proxy or library on the way tidies up "//" or "/../".
    path = f"/api/handles/{quote(handle, safe='')}"
    return f"{path}?{urlencode(parameters, quote_via=quote)}" if parameters else path


def _switch(*, on: bool) -> str:
    return "true" if on else "false"


def read_object(response: HttpResponse) -> dict[str, Any]:
    """Return the JSON object of a response.

    Raises:
        AuthenticationFailed: An empty 401: the credential was not accepted (handle-http-api.md §2).
        ServerBusy: A 503 of a proxy, or of whoever answers without JSON: nothing was carried out.
        MalformedAnswer: The body is no JSON object.

    """
    if response.status == 401 and not response.body:
        raise AuthenticationFailed(ResponseCode.AUTHENTICATION_FAILED)
    try:
        found = json.loads(response.body)
    except (ValueError, RecursionError) as error:
        if response.status == 503:
            busy = ServerBusy(ResponseCode.SERVER_BUSY, "HTTP status 503")
            if response.retry_after.isdecimal():
                busy.retry_after = float(response.retry_after[:9])
            raise busy from error
        raise MalformedAnswer(
            f"HTTP status {response.status} with a body that is no JSON"
        ) from error
    if not isinstance(found, dict):
        raise MalformedAnswer(f"HTTP status {response.status} with JSON that is no object")
    return found


def code_of(found: Mapping[str, Any]) -> int:
    """Return the response code in a body.

    Raises:
        MalformedAnswer: There is none.

    """
    code = found.get("responseCode")
    if isinstance(code, bool) or not isinstance(code, int):
        raise MalformedAnswer("The answer has no response code")
    return code


def message_of(found: Mapping[str, Any]) -> str:
    """Return the peer's words in a body, if there are any."""
    return str(found.get("message", "")).encode(errors="replace").decode()


def _read_resolution(question: Question, response: HttpResponse) -> Answer:
    found = read_object(response)
    code = code_of(found)
    values = found.get("values", ()) if code in _RESOLUTION_CODES else ()
    if not isinstance(values, list | tuple):
        raise MalformedAnswer("The values of the answer are no list")
    handle = found.get("handle")
    return Answer(
        handle.encode(errors="replace") if isinstance(handle, str) else question.handle,
        from_json(values),
        code,
        message_of(found),
        transport=Transport.HTTP,
        server=response.server,
        seconds=response.seconds,
        message_bytes=len(response.body),
    )


def read_success(response: HttpResponse) -> dict[str, Any]:
    """Return the JSON object of a response that says success.

    Raises:
        Refused: The response code is another one; the leaf says which.
        MalformedAnswer: The body is not of the API's form.

    """
    found = read_object(response)
    code = code_of(found)
    if code != ResponseCode.SUCCESS:
        raise error_for(code, message_of(found))
    return found


def _read_written(response: HttpResponse) -> Written:
    found = read_success(response)
    return Written(str(found.get("handle", "")), created=response.status == 201)


def _read_page(response: HttpResponse) -> HandlesPage:
    found = read_success(response)
    handles = found.get("handles")
    try:
        total_count = int(found.get("totalCount", ""))
    except (TypeError, ValueError) as error:
        raise MalformedAnswer("The listing has no total count") from error
    if not isinstance(handles, list) or not all(isinstance(each, str) for each in handles):
        raise MalformedAnswer("The listing has no list of handles")
    return HandlesPage(tuple(handles), total_count)
