"""The one table that turns an error into what a peer is told: response code, HTTP status, log level.

Response codes are those that deployed clients understand (handle-protocol.md §2.3); HTTP statuses follow
handle-http-api.md §2. Nothing else in the node maps errors.
"""

import logging
from typing import Final, NamedTuple

from node.protocol.constants import ResponseCode
from node.protocol.errors import ProtocolError
from node.service import errors as service
from node.service import refusals
from registry import errors as registry
from registry.directory.errors import DirectoryBusy, DirectoryUnavailable


class Answer(NamedTuple):
    """What becomes of an error class.

    ``speaks``: whether the error's text goes to the peer. The reference server sends the plain outcomes
    (not found, exists, not authenticated …) without one.
    """

    response_code: ResponseCode
    http_status: int
    log_level: int = logging.DEBUG
    speaks: bool = True


_CODE = ResponseCode

UNPLANNED: Final = Answer(_CODE.ERROR, 500, logging.ERROR, speaks=False)
"""The answer to an error that nobody planned; its details stay in the log."""

UNPLANNED_TEXT: Final = "Server error processing request, see server logs"
"""What the reference server says then, and clients show (handle-server-observed.md §3)."""

ANSWERS: Final[dict[type[BaseException], Answer]] = {
    ProtocolError: Answer(_CODE.PROTOCOL_ERROR, 400),
    registry.RegistryError: UNPLANNED,
    registry.InvalidHandle: Answer(_CODE.INVALID_HANDLE, 400),
    registry.InvalidValue: Answer(_CODE.INVALID_VALUE, 400),
    registry.IndexNotPositive: Answer(_CODE.INVALID_VALUE, 400),
    registry.Refused: Answer(_CODE.ERROR, 400),
    registry.HandleExists: Answer(_CODE.HANDLE_EXISTS, 409, speaks=False),
    registry.HandleNotFound: Answer(_CODE.HANDLE_NOT_FOUND, 404, speaks=False),
    registry.ValuesNotFound: Answer(_CODE.VALUES_NOT_FOUND, 400, speaks=False),
    registry.IndexConflict: Answer(_CODE.VALUE_EXISTS, 409),
    registry.RecordTooLarge: Answer(_CODE.INVALID_VALUE, 400),
    registry.BatchAborted: Answer(_CODE.ERROR, 409),
    registry.RegisterBusy: Answer(_CODE.SERVER_BUSY, 503, logging.INFO),
    registry.RegisterClosed: Answer(_CODE.ERROR, 503, logging.WARNING),
    registry.LogDamaged: UNPLANNED,
    registry.DataDirectoryInUse: UNPLANNED,
    DirectoryBusy: Answer(_CODE.SERVER_BUSY, 503, logging.INFO),
    DirectoryUnavailable: Answer(_CODE.SERVER_BUSY, 503, logging.ERROR),
    refusals.RuleBroken: Answer(_CODE.INVALID_VALUE, 400),
    refusals.Absent: Answer(_CODE.HANDLE_NOT_FOUND, 404),
    refusals.Taken: Answer(_CODE.HANDLE_EXISTS, 409),
    service.ServiceError: UNPLANNED,
    service.NotResponsible: Answer(_CODE.SERVER_NOT_RESPONSIBLE, 400),
    service.PrefixReferral: Answer(_CODE.PREFIX_REFERRAL, 300, speaks=False),
    service.OperationNotSupported: Answer(_CODE.OPERATION_NOT_SUPPORTED, 501),
    service.ReservedOperation: Answer(_CODE.PROTOCOL_ERROR, 400),
    service.AnswerReceived: Answer(_CODE.ERROR, 400),
    service.ServiceReferral: Answer(_CODE.SERVICE_REFERRAL, 300, speaks=False),
    service.SessionUnknown: Answer(_CODE.SESSION_TIMEOUT, 400),
    service.SessionKeyInvalid: Answer(_CODE.INVALID_SESSION_KEY, 400),
    service.SessionMessageRejected: Answer(_CODE.SESSION_MESSAGE_REJECTED, 400),
    service.SessionSetupInvalid: Answer(_CODE.INVALID_SESSION_SETUP, 400),
    service.SessionFailed: Answer(_CODE.SESSION_FAILED, 400),
    service.RsaKeyNeeded: Answer(_CODE.NEED_RSA_KEY, 400),
    service.InvalidCredential: Answer(_CODE.INVALID_CREDENTIAL, 403),
    service.ChallengeUnknown: Answer(_CODE.AUTHENTICATION_TIMEOUT, 403),
    service.RecursionTooDeep: Answer(_CODE.RECURSION_COUNT_TOO_HIGH, 500),
    service.AdministrationRefused: Answer(_CODE.PROTOCOL_ERROR, 403),
    service.AnswerTooLarge: Answer(_CODE.ERROR, 500),
    service.SiteUnknown: Answer(_CODE.SERVER_BUSY, 503),
    service.PeerGone: Answer(_CODE.ERROR, 500),
    service.NodeBusy: Answer(_CODE.SERVER_BUSY, 503, logging.INFO),
    service.BatchTooLarge: Answer(_CODE.ERROR, 413),
    service.AuthenticationNeeded: Answer(_CODE.AUTHENTICATION_NEEDED, 401, speaks=False),
    service.AuthenticationFailed: Answer(_CODE.AUTHENTICATION_FAILED, 401, speaks=False),
    service.InvalidAdministrator: Answer(_CODE.INVALID_ADMIN, 403, speaks=False),
    service.InsufficientPermission: Answer(_CODE.INSUFFICIENT_PERMISSIONS, 403),
}
"""Every error class of the service and the register, and the root of the codec's."""


def answer_for(error: BaseException) -> Answer:
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
