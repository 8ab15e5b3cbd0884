"""The one table that turns an error into what a peer is told: response code, HTTP status, log level.

Response codes are those that deployed clients understand (handle-protocol.md §2.3); HTTP statuses follow
handle-http-api.md §2. Nothing else in the node maps errors.
"""

import logging
from typing import Final, NamedTuple

from idnode.node.service import errors as service
from idnode.node.service.directory import refusals
from idnode.node.service.objects import refusals as objects
from idnode.registry import errors as registry
from idnode.registry.directory.errors import DirectoryBusy, DirectoryUnavailable
from idnode.registry.handle import errors as data_model
from idnode.registry.handle.wire.constants import ResponseCode
from idnode.registry.handle.wire.errors import ProtocolError


class ErrorAnswer(NamedTuple):
    """Holds what becomes of an error class.

    ``speaks``: whether the error's text goes to the peer. The reference server sends the plain outcomes
    (not found, exists, not authenticated …) without one.
    """

    response_code: ResponseCode
    http_status: int
    log_level: int = logging.DEBUG
    speaks: bool = True


_CODE = ResponseCode

RETRY_AFTER: Final = "Retry-After"
RETRY_SECONDS: Final = "1"
"""When to come again after status 503: a full queue, or a connection too many, is a matter of moments."""

UNPLANNED: Final = ErrorAnswer(_CODE.ERROR, 500, logging.ERROR, speaks=False)
"""The answer to an error that nobody planned; its details stay in the log."""

UNPLANNED_TEXT: Final = "Server error processing request, see server logs"
"""What the reference server says then, and clients show (handle-server-observed.md §3)."""

ANSWERS: Final[dict[type[BaseException], ErrorAnswer]] = {
    ProtocolError: ErrorAnswer(_CODE.PROTOCOL_ERROR, 400),
    data_model.RegistryError: UNPLANNED,
    data_model.InvalidHandle: ErrorAnswer(_CODE.INVALID_HANDLE, 400),
    data_model.InvalidValue: ErrorAnswer(_CODE.INVALID_VALUE, 400),
    data_model.IndexNotPositive: ErrorAnswer(_CODE.INVALID_VALUE, 400),
    data_model.Refused: ErrorAnswer(_CODE.ERROR, 400),
    registry.HandleExists: ErrorAnswer(_CODE.HANDLE_EXISTS, 409, speaks=False),
    registry.HandleNotFound: ErrorAnswer(_CODE.HANDLE_NOT_FOUND, 404, speaks=False),
    registry.ValuesNotFound: ErrorAnswer(_CODE.VALUES_NOT_FOUND, 400, speaks=False),
    data_model.IndexConflict: ErrorAnswer(_CODE.VALUE_EXISTS, 409),
    data_model.RecordTooLarge: ErrorAnswer(_CODE.INVALID_VALUE, 400),
    registry.BatchAborted: ErrorAnswer(_CODE.ERROR, 409),
    registry.RegisterBusy: ErrorAnswer(_CODE.SERVER_BUSY, 503, logging.INFO),
    registry.RegisterShort: ErrorAnswer(_CODE.SERVER_BUSY, 503),
    registry.RegisterClosed: ErrorAnswer(_CODE.ERROR, 503, logging.WARNING),
    registry.RegisterUnavailable: ErrorAnswer(_CODE.ERROR, 503, logging.WARNING),
    registry.RegisterAway: ErrorAnswer(_CODE.SERVER_BUSY, 503, logging.INFO),
    registry.LogDamaged: UNPLANNED,
    registry.DataDirectoryInUse: UNPLANNED,
    registry.UnknownEngine: UNPLANNED,
    DirectoryBusy: ErrorAnswer(_CODE.SERVER_BUSY, 503, logging.INFO),
    DirectoryUnavailable: ErrorAnswer(_CODE.SERVER_BUSY, 503, logging.ERROR),
    refusals.RuleBroken: ErrorAnswer(_CODE.INVALID_VALUE, 400),
    refusals.Absent: ErrorAnswer(_CODE.HANDLE_NOT_FOUND, 404),
    refusals.Taken: ErrorAnswer(_CODE.HANDLE_EXISTS, 409),
    objects.MetadataAbsent: ErrorAnswer(_CODE.HANDLE_NOT_FOUND, 404),
    objects.MetadataNotManaged: ErrorAnswer(_CODE.INVALID_ADMIN, 403),
    objects.MetadataHidden: ErrorAnswer(_CODE.INVALID_ADMIN, 403),
    objects.ObjectAbsent: ErrorAnswer(_CODE.HANDLE_NOT_FOUND, 404),
    objects.ObjectExists: ErrorAnswer(_CODE.HANDLE_EXISTS, 409),
    objects.ForeignHandle: ErrorAnswer(_CODE.SERVER_NOT_RESPONSIBLE, 400),
    objects.NotReadable: ErrorAnswer(_CODE.INSUFFICIENT_PERMISSIONS, 403),
    objects.NotEditable: ErrorAnswer(_CODE.INSUFFICIENT_PERMISSIONS, 403),
    objects.NotDeletable: ErrorAnswer(_CODE.INSUFFICIENT_PERMISSIONS, 403),
    objects.OperationUnknown: ErrorAnswer(_CODE.OPERATION_NOT_SUPPORTED, 501),
    objects.OperationDeclined: ErrorAnswer(_CODE.OPERATION_NOT_SUPPORTED, 501),
    service.ServiceError: UNPLANNED,
    service.NotResponsible: ErrorAnswer(_CODE.SERVER_NOT_RESPONSIBLE, 400),
    service.PrefixReferral: ErrorAnswer(_CODE.PREFIX_REFERRAL, 300, speaks=False),
    service.OperationNotSupported: ErrorAnswer(_CODE.OPERATION_NOT_SUPPORTED, 501),
    service.ReservedOperation: ErrorAnswer(_CODE.PROTOCOL_ERROR, 400),
    service.AnswerReceived: ErrorAnswer(_CODE.ERROR, 400),
    service.ServiceReferral: ErrorAnswer(_CODE.SERVICE_REFERRAL, 300, speaks=False),
    service.SessionUnknown: ErrorAnswer(_CODE.SESSION_TIMEOUT, 400),
    service.SessionKeyInvalid: ErrorAnswer(_CODE.INVALID_SESSION_KEY, 400),
    service.SessionMessageRejected: ErrorAnswer(_CODE.SESSION_MESSAGE_REJECTED, 400),
    service.SessionSetupInvalid: ErrorAnswer(_CODE.INVALID_SESSION_SETUP, 400),
    service.SessionFailed: ErrorAnswer(_CODE.SESSION_FAILED, 400),
    service.RsaKeyNeeded: ErrorAnswer(_CODE.NEED_RSA_KEY, 400),
    service.InvalidCredential: ErrorAnswer(_CODE.INVALID_CREDENTIAL, 403),
    service.ChallengeUnknown: ErrorAnswer(_CODE.AUTHENTICATION_TIMEOUT, 403),
    service.RecursionTooDeep: ErrorAnswer(_CODE.RECURSION_COUNT_TOO_HIGH, 500),
    service.AdministrationRefused: ErrorAnswer(_CODE.PROTOCOL_ERROR, 403),
    service.AnswerTooLarge: ErrorAnswer(_CODE.ERROR, 500),
    service.SiteUnknown: ErrorAnswer(_CODE.SERVER_BUSY, 503),
    service.NobodyAnswers: ErrorAnswer(_CODE.ERROR, 504),
    service.EppUnreadable: ErrorAnswer(_CODE.PROTOCOL_ERROR, 400),
    service.PeerGone: ErrorAnswer(_CODE.ERROR, 500),
    service.NodeBusy: ErrorAnswer(_CODE.SERVER_BUSY, 503, logging.INFO),
    service.BatchTooLarge: ErrorAnswer(_CODE.ERROR, 413),
    service.AuthenticationNeeded: ErrorAnswer(_CODE.AUTHENTICATION_NEEDED, 401, speaks=False),
    service.AuthenticationFailed: ErrorAnswer(_CODE.AUTHENTICATION_FAILED, 401, speaks=False),
    service.InvalidAdministrator: ErrorAnswer(_CODE.INVALID_ADMIN, 403, speaks=False),
    service.InsufficientPermission: ErrorAnswer(_CODE.INSUFFICIENT_PERMISSIONS, 403),
}
"""Every error class of the service and the register, and the root of the codec's."""


def answer_for(error: BaseException) -> ErrorAnswer:
    """Return the row of the nearest class in the error's ancestry, `UNPLANNED` when there is none."""
    for ancestor in type(error).__mro__:
        answer = ANSWERS.get(ancestor)
        if answer is not None:
            return answer
    return UNPLANNED


def text_for(error: BaseException) -> str:
    """Return what the peer is told beside the code: nothing, the error's text, or that the log knows."""
    answer = answer_for(error)
    if answer is UNPLANNED:
        return UNPLANNED_TEXT
    return str(error) if answer.speaks else ""
