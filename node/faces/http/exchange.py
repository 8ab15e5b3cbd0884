"""Describes what the endpoints of the JSON API share: the services, and turning an error into this face's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idnode.node.faces.http import replies
from idnode.node.faces.http.arrival import arrival
from idnode.node.faces.http.authorization import CredentialsRefused
from idnode.node.faces.http.java_texts import MalformedRequest
from idnode.node.faces.http.parameters import query_parameters
from idnode.node.faces.http.values_json import value_objects
from idnode.node.interceptors.exchange import note_answered
from idnode.node.service import events
from idnode.node.service.errors import AuthenticationNeeded, PrefixReferral, ServiceReferral
from idnode.registry.handle.names import prefix_of

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.http.services import Services


class HttpExchange:
    """One request on its way to its answer, for everything but the plain public resolution."""

    __slots__ = ("_services", "_started", "handle", "operation", "request", "text")

    def __init__(
        self,
        services: Services,
        request: web.Request,
        operation: str,
        handle: bytes | None = None,
        started: float | None = None,
    ) -> None:
        self._services = services
        self.operation = operation
        self._started = arrival(request, services.clock) if started is None else started
        self.request = request
        self.handle = handle
        self.text = None if handle is None else handle.decode(errors="replace")

    def answer(self, status: int, members: dict[str, Any]) -> web.Response:
        """Return this answer as the request wants it shown, and tell the observer."""
        parameters = query_parameters(self.request)
        response = replies.present(
            members,
            status,
            pretty=parameters.flag("pretty"),
            callback=parameters.first("callback"),
        )
        self.note(members["responseCode"])
        return response

    def done(self, *, status: int = 200, handle: str | None = None) -> web.Response:
        """Return the answer to a change that was made."""
        text = self.text if handle is None else handle
        return self.answer(status, {"responseCode": 1, "handle": text})

    def note(self, response_code: int) -> None:
        """Tell the observer that this request was answered."""
        note_answered(self.operation, int(response_code), self.handle)
        observer = self._services.observer
        prefix = b"" if self.handle is None else prefix_of(self.handle)
        seconds = self._services.clock.elapsed() - self._started
        if self.operation == events.RESOLVE:
            observer.resolved(int(response_code), prefix, 1)
        elif self.operation == events.CREATE:
            observer.registered(int(response_code), prefix, 1)
        observer.answered(self.operation, int(response_code), prefix, seconds)

    def refused(self, error: BaseException) -> web.Response:
        """Return the answer to an error that was raised on purpose (handle-http-api.md §2)."""
        authorization = self._services.authorization
        secure = authorization.secure(self.request)
        status, code, message = replies.failed(error, secure=secure)
        replies.log_failure(error)
        if isinstance(error, CredentialsRefused):
            self.note(code)
            response = replies.empty_response(401)
            authorization.invite(self.request, response, refused=True)
            return response
        handle = None if isinstance(error, MalformedRequest) or not self.text else self.text
        members = replies.failure(code, message, handle)
        if isinstance(error, PrefixReferral | ServiceReferral):
            members = _referral(code, error, self.text)
        try:
            response = self.answer(status, members)
        except MalformedRequest:
            response = replies.present(members, status)
        replies.hang_up_after(error, response)
        if isinstance(error, AuthenticationNeeded) and secure:
            authorization.invite(self.request, response)
        return response


def _referral(
    code: int, error: PrefixReferral | ServiceReferral, handle: str | None
) -> dict[str, Any]:
    """Return the members of a referral: where to ask instead, values before the handle."""
    return {
        "responseCode": int(code),
        "values": value_objects(error.values),
        "handle": handle,
    }
