"""Answers of the HTTP faces: JSON bodies, their status and headers, CORS, and what errors turn into.

Every answer under ``/api`` is JSON in the protocol's own form, whatever went wrong
(handle-http-api.md §2 and §8).
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import orjson
from aiohttp import ClientConnectionResetError, hdrs, web
from multidict import CIMultiDict

from idnode.node.faces.http.access import NO_CORS
from idnode.node.faces.http.body import BodyRefused
from idnode.node.faces.http.java_texts import MalformedRequest
from idnode.node.faces.http.seam import Seam
from idnode.node.interceptors.exchange import REQUEST_ID_HEADER, current, note_error
from idnode.node.service.answers import RETRY_AFTER, RETRY_SECONDS, answer_for, text_for
from idnode.node.service.errors import AuthenticationNeeded, NotResponsible, ServiceError
from idnode.registry.fetching import NotFetched, carried_out_again
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.wire.constants import ResponseCode
from idnode.registry.handle.wire.errors import ProtocolError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

JSON_TYPE: Final = "application/json;charset=utf-8"
JAVASCRIPT_TYPE: Final = "application/javascript;charset=utf-8"
SERVER: Final = "idnode"

_log = logging.getLogger("idnode.node.faces.http")
_JSON_HEADERS: Final = CIMultiDict({"Content-Type": JSON_TYPE, "Server": SERVER})
_NOT_A_NAME: Final = re.compile("^[0-9]|[^A-Za-z0-9_$\u00a0-\U0010ffff]")
_CALLBACK_CHARACTERS_MAX: Final = 256
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "OPTIONS")
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET,POST,HEAD,PUT,DELETE",
    "Access-Control-Allow-Headers": "X-Requested-With,Authorization,Origin,Accept,Content-Type",
    "Access-Control-Max-Age": "86400",
}
_STATUS_CODES: Final = {
    401: ResponseCode.AUTHENTICATION_NEEDED,
    403: ResponseCode.AUTHENTICATION_FAILED,
    500: ResponseCode.ERROR,
    501: ResponseCode.PROTOCOL_ERROR,
    503: ResponseCode.SERVER_BUSY,
}

PLANNED: Final = (RegistryError, ServiceError, ProtocolError, MalformedRequest, BodyRefused)
"""What a handler may raise on purpose."""


def json_response(body: bytes, status: int = 200) -> web.Response:
    """Return an answer with this body, which is JSON already."""
    headers = _JSON_HEADERS.copy()
    if status == 503:
        headers[RETRY_AFTER] = RETRY_SECONDS
    return web.Response(body=body, status=status, headers=headers)


def empty_response(status: int) -> web.Response:
    """Return an answer without a body."""
    return web.Response(status=status, headers={"Server": SERVER})


def present(
    members: dict[str, Any], status: int = 200, *, pretty: bool = False, callback: str | None = None
) -> web.Response:
    """Return these members as JSON, indented or wrapped into a script call if asked."""
    body = orjson.dumps(members, option=orjson.OPT_INDENT_2 if pretty else None)
    if callback is None:
        return json_response(body, status)
    name = _NOT_A_NAME.sub("_", callback[:_CALLBACK_CHARACTERS_MAX])
    response = json_response(name.encode() + b"(" + body + b");", status)
    response.headers["Content-Type"] = JAVASCRIPT_TYPE
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def failure(code: int, message: str = "", handle: str | None = None) -> dict[str, Any]:
    """Return the members of an error body, in the original's order."""
    members: dict[str, Any] = {"responseCode": int(code)}
    if message:
        members["message"] = message
    if handle is not None:
        members["handle"] = handle
    return members


def failed(error: BaseException, *, secure: bool = True) -> tuple[int, int, str]:
    """Return HTTP status, response code and message for an error.

    ``secure``: whether credentials could have been sent over this connection; where they could not, the
    answer to missing ones is 403 instead of 401 (handle-http-api.md §7).
    """
    note_error(error)
    if isinstance(error, MalformedRequest):
        return 400, ResponseCode.PROTOCOL_ERROR, str(error)
    if isinstance(error, BodyRefused):
        return error.status, ResponseCode.PROTOCOL_ERROR, str(error)
    answer = answer_for(error)
    status = answer.http_status
    if isinstance(error, AuthenticationNeeded) and not secure:
        status = 403
    if isinstance(error, NotResponsible):
        return status, answer.response_code, "That prefix doesn't live here"
    return status, answer.response_code, text_for(error)


def log_failure(error: BaseException) -> None:
    """Write an error that nobody planned into the log, others at the level of their row."""
    if isinstance(error, MalformedRequest | BodyRefused):
        return
    level = answer_for(error).log_level
    if level > logging.DEBUG:
        exchange = current.get()
        which = "a request" if exchange is None else f"request {exchange.id}"
        _log.log(level, "%s failed", which, exc_info=error if level >= logging.ERROR else None)


def guarded(
    handler: Handler,
    unexpected: Callable[[int, float], None] | None = None,
    seam: Seam | None = None,
) -> Handler:
    """Return the handler with its last line of defence: JSON for whatever it raises, and CORS.

    Through ``seam`` the interceptors see requests and answers, if there are any. ``unexpected`` is told of each error that nobody planned: the response code, and how many seconds it took.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        started = asyncio.get_running_loop().time()
        try:
            response = await handler(request)
        except (
            NotFetched
        ) as missing:  # what the register has elsewhere is fetched, and the handler runs again
            again = partial(_again, missing, handler)
            response = await guarded(again, unexpected)(request)
        except PLANNED as error:
            status, code, message = failed(error)
            log_failure(error)
            response = present(failure(code, message), status)
            hang_up_after(error, response)
        except web.HTTPException as error:
            response = status_response(error.status, error.reason)
        except (
            ClientConnectionResetError
        ):  # the client left while it was answered: nobody reads this
            response = status_response(400, "The client left")
        except Exception as error:  # noqa: BLE001  # the last line: logged, answered, never shown
            log_failure(error)
            status, code, message = failed(error)
            response = present(failure(code, message), status)
            if unexpected is not None:  # planned refusals were counted where they were made
                unexpected(int(code), asyncio.get_running_loop().time() - started)
        if hdrs.ORIGIN in request.headers:
            add_cors(request, response)
        return response

    if seam is None:
        return answer
    interceptors = seam.interceptors

    async def seen(request: web.Request) -> web.StreamResponse:
        if interceptors.active:
            return await seam.carry(request, answer)
        return await answer(request)

    return seen


async def _again(missing: NotFetched, handler: Handler, request: web.Request) -> web.StreamResponse:
    """Have a request handled again, from the start, once the records that it misses are here."""
    if request.body_exists and request.content.at_eof():
        raise AssertionError("A handler looks records up by `fetched` once it has read the body")
    return await carried_out_again(missing, partial(handler, request))


def hang_up_after(error: BaseException, response: web.StreamResponse) -> None:
    """Close the connection behind an answer to a request whose body was not read to its end."""
    if isinstance(error, BodyRefused):
        response.force_close()


def status_response(status: int, message: str) -> web.Response:
    """Return what the HTTP layer itself refuses, as JSON (handle-http-api.md §2, last sentence)."""
    code = _STATUS_CODES.get(status, ResponseCode.PROTOCOL_ERROR)
    return present(failure(code, message), status)


def add_request_id(response: web.StreamResponse) -> None:
    """Name the current request in an answer that is written piece by piece; all others are named at the seam."""
    exchange = current.get()
    if exchange is not None:
        response.headers[REQUEST_ID_HEADER] = exchange.id


def add_cors(request: web.Request, response: web.StreamResponse) -> None:
    """Let scripts of the asking origin read this answer (handle-http-api.md §8)."""
    headers = response.headers
    if response.prepared or "Access-Control-Allow-Origin" in headers or NO_CORS in request:
        return
    exposed = ",".join(dict.fromkeys([*headers, "Content-Length"]))
    headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
    headers["Access-Control-Expose-Headers"] = exposed
    headers["Vary"] = "Origin" if "Vary" not in headers else headers["Vary"] + ", Origin"


def unknown_endpoint(request: web.Request, allowed: tuple[str, ...] = ()) -> web.Response:
    """Return the answer to a path that is none (404), or to a method it does not take (405, 501)."""
    if request.method not in METHODS:
        message = f"Unknown method {request.method}"
        return present(failure(ResponseCode.PROTOCOL_ERROR, message), 501)
    path = request.rel_url.raw_path
    message = f"Unknown HTTP API endpoint {request.method} {path}"
    status = 405 if allowed else 404
    body = failure(ResponseCode.PROTOCOL_ERROR, message.encode(errors="replace").decode())
    response = present(body, status)
    if allowed:
        response.headers["Allow"] = ", ".join(allowed)
    return response


def options_response(request: web.Request, allowed: tuple[str, ...]) -> web.Response:
    """Return the answer to OPTIONS: what may be asked, and a script's permission to ask it."""
    response = web.Response(headers={"Allow": ", ".join(allowed), "Server": SERVER})
    asks = "Origin" in request.headers and "Access-Control-Request-Method" in request.headers
    if asks and NO_CORS not in request:
        response.headers.update(_PREFLIGHT)
    return response
