"""Describes what the endpoints of this face share: the services, the envelope, the account behind a token.

Each endpoint returns the ``data`` of its answer or raises; `answered` makes the envelope of either. Whatever
was answered has HTTP status 200; only what HTTP itself refuses has another one (snms-api.md §2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web

from idnode.node.faces.http.arrival import arrival
from idnode.node.faces.http.body import BodyRefused
from idnode.node.faces.http.replies import hang_up_after, json_response, log_failure
from idnode.node.faces.snms.texts import (
    BROKEN,
    BUSY_TEXT,
    REFUSED,
    SUCCESS,
    SUCCESS_TEXT,
    ParameterRefused,
    Said,
    said_of,
)
from idnode.node.interceptors.exchange import note_account, note_answered, note_error
from idnode.node.service.answers import answer_for
from idnode.node.service.errors import ServiceError
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.wire.constants import ResponseCode
from idnode.registry.handle.wire.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from idnode.node.faces.http.replies import Handler
    from idnode.node.service.directory.accounts import Accounts
    from idnode.node.service.directory.enterprises import Enterprises
    from idnode.node.service.directory.files import Files
    from idnode.node.service.directory.onboarding import Onboarding
    from idnode.node.service.directory.templated import TemplatedIdentifiers
    from idnode.node.service.directory.templates import Templates
    from idnode.node.service.events import Observer
    from idnode.registry.directory.entries import AccountEntry
    from idnode.registry.handle.clock import Clock

_BEARER: Final = "bearer"
_HEADER_CHARACTERS_MAX: Final = 8192


@dataclass(frozen=True, slots=True)
class SnmsServices:
    """Holds what this face stands on.

    ``public_resolve``: whether identifiers are read without a token. ``strict_types``: whether the type of
    an attribute has to be written ``string``, in lower case. ``registry_name`` is what an enterprise's
    prefix names as the registry above it.
    """

    accounts: Accounts
    templates: Templates
    identifiers: TemplatedIdentifiers
    onboarding: Onboarding
    enterprises: Enterprises
    files: Files
    clock: Clock
    observer: Observer
    public_resolve: bool = True
    strict_types: bool = False
    registry_name: str = "工业互联网标识解析国家顶级节点"

    def account(self, request: web.Request) -> AccountEntry:
        """Return the account behind a request's token.

        Raises:
            TokenRefused: There is none.

        """
        header = request.headers.get("Authorization", "")[:_HEADER_CHARACTERS_MAX]
        scheme, _, token = header.strip().partition(" ")
        account = self.accounts.of_token(token.strip() if scheme.lower() == _BEARER else None)
        note_account(account.username)
        return account


PLANNED: Final = (RegistryError, ServiceError, ProtocolError)


def answered(
    services: SnmsServices, operation: str, endpoint: Callable[[web.Request], Awaitable[Any]]
) -> Handler:
    """Return the handler that answers with what an endpoint returns, or with what it raises."""
    clock, observer = services.clock, services.observer

    async def answer(request: web.Request) -> web.StreamResponse:
        started = arrival(request, clock)
        code = int(ResponseCode.SUCCESS)
        try:
            response = success(await endpoint(request))
        except BodyRefused as error:
            code = int(ResponseCode.PROTOCOL_ERROR)
            note_error(error)
            response = failure(Said(REFUSED, _body_text(error)), status=error.status)
            hang_up_after(error, response)
        except PLANNED as error:
            code = code_of(error)
            note_error(error)
            if not isinstance(error, ParameterRefused):
                log_failure(error)
            response = failure(said_of(error))
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001  # the last line: logged, answered, never shown
            code = int(ResponseCode.ERROR)
            note_error(error)
            log_failure(error)
            response = failure(said_of(error))
        note_answered(operation, code)
        observer.answered(operation, code, b"", clock.elapsed() - started)
        return response

    return answer


def _body_text(error: BodyRefused) -> str:
    text = "请求体过大或编码错误"
    if error.bytes_max:
        return f"{text}（上限为{error.bytes_max}字节，即{error.bytes_max >> 20}MB）"
    return f"{text}（Content-Encoding应为gzip、deflate或不压缩，请求体须完整）"


def code_of(error: BaseException) -> int:
    """Return the response code that stands for an error in events."""
    if isinstance(error, ParameterRefused):
        return int(ResponseCode.PROTOCOL_ERROR)
    return int(answer_for(error).response_code)


def success(data: Any) -> web.Response:
    """Return the answer that carries data."""
    return json_response(orjson.dumps({"message": SUCCESS_TEXT, "status": SUCCESS, "data": data}))


def failure(said: Said, *, status: int = 200) -> web.Response:
    """Return the answer that says why not; ``status`` is HTTP's."""
    return json_response(_envelope(said), status)


def _envelope(said: Said) -> bytes:
    return orjson.dumps({"message": said.message, "status": said.status, "data": None})


BUSY: Final = _envelope(Said(BROKEN, BUSY_TEXT))
"""What is said when nothing can be done for a client for now."""
