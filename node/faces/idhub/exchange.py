"""Describes what the endpoints of this face share: the services, the envelope, the application behind a token.

Each endpoint returns its data or raises; `answered` makes the envelope of either. Whatever was answered has HTTP status
200, for the SDK reads no other body (idhub-api.md §2); only what HTTP itself refuses has another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web

from idnode.node.faces.http.body import BodyRefused
from idnode.node.faces.http.replies import hang_up_after, json_response, log_failure
from idnode.node.faces.idhub.texts import (
    SUCCESS,
    SUCCESS_OF_GUIDE,
    SUCCESS_TEXT,
    VALIDATION,
    VALIDATION_TEXT,
    FormRefused,
    QueryRefused,
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
    from idnode.node.service.events import Observer
    from idnode.node.service.objects.applications import Application, Applications
    from idnode.node.service.objects.files import ObjectFiles
    from idnode.node.service.objects.grants import Grants
    from idnode.node.service.objects.instance_reading import InstanceReader
    from idnode.node.service.objects.instances import Instances
    from idnode.node.service.objects.metadata import MetadataTemplates
    from idnode.node.service.objects.rows import Rows
    from idnode.registry.handle.clock import Clock

_BEARER: Final = "bearer"
_HEADER_CHARACTERS_MAX: Final = 8192
PLANNED: Final = (RegistryError, ServiceError, ProtocolError)


@dataclass(frozen=True, slots=True)
class IdhubServices:
    """Holds what this face stands on. ``guide_codes``: whether calls succeed with the code of the guide's samples."""

    applications: Applications
    templates: MetadataTemplates
    instances: Instances
    reader: InstanceReader
    grants: Grants
    files: ObjectFiles
    rows: Rows
    clock: Clock
    observer: Observer
    guide_codes: bool = False

    async def application(self, request: web.Request) -> Application:
        """Return the application behind a request's token.

        Raises:
            ApplicationTokenRefused: There is none.

        """
        header = request.headers.get("Authorization", "")[:_HEADER_CHARACTERS_MAX]
        scheme, _, token = header.strip().partition(" ")
        application = await self.applications.of_token(
            token.strip() if scheme.lower() == _BEARER else ""
        )
        note_account(application.handle)
        return application


@dataclass(frozen=True, slots=True)
class Answer:
    """Holds data with a message of its own."""

    data: Any
    message: str = SUCCESS_TEXT


def answered(
    services: IdhubServices,
    operation: str,
    endpoint: Callable[[web.Request], Awaitable[Any]],
    *,
    ten_thousand: bool = False,
) -> Handler:
    """Return the handler that answers with what an endpoint returns, or with what it raises.

    ``ten_thousand``: whether the guide's sample of this call succeeds with 10000.
    """
    clock, observer = services.clock, services.observer
    good = SUCCESS_OF_GUIDE if ten_thousand and services.guide_codes else SUCCESS

    async def answer(request: web.Request) -> web.StreamResponse:
        started = clock.elapsed()
        code = int(ResponseCode.SUCCESS)
        response: web.StreamResponse
        try:
            found = await endpoint(request)
            response = found if isinstance(found, web.StreamResponse) else success(found, good)
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001  # planned ones are told, others logged; none is shown
            code = code_of(error)
            note_error(error)
            if not isinstance(error, FormRefused | QueryRefused | BodyRefused):
                log_failure(error)
            response = failure(error)
            hang_up_after(error, response)
        note_answered(operation, code)
        observer.answered(operation, code, b"", clock.elapsed() - started)
        return response

    return answer


def code_of(error: BaseException) -> int:
    """Return the response code that stands for an error in events."""
    if isinstance(error, FormRefused | QueryRefused | BodyRefused):
        return int(ResponseCode.PROTOCOL_ERROR)
    if not isinstance(error, PLANNED):
        return int(ResponseCode.ERROR)
    return int(answer_for(error).response_code)


def success(found: Any, code: int = SUCCESS) -> web.Response:
    """Return the answer that carries data, or none."""
    data, message = (
        (found.data, found.message) if isinstance(found, Answer) else (found, SUCCESS_TEXT)
    )
    members = {"code": code, "message": message}
    if data is not None:
        members["data"] = data
    return json_response(orjson.dumps(members))


def failure(error: BaseException) -> web.Response:
    """Return the answer that says why not."""
    status = error.status if isinstance(error, BodyRefused) else 200
    if isinstance(error, FormRefused):
        errors = [{"name": each.name, "errorMsg": each.text} for each in error.problems]
        return json_response(
            orjson.dumps(
                {"code": VALIDATION, "message": VALIDATION_TEXT, "data": {"errors": errors}}
            )
        )
    said = said_of(error)
    return json_response(orjson.dumps({"code": said.code, "message": said.message}), status)
