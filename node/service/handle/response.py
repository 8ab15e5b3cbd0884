"""Whole answers from outcomes: flags, version, digest, expiration and the size that clients can read.

See handle-protocol.md §1.5, §2 and §5. Nothing here reads a clock: an answer expires twelve hours after its
request arrived.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from idnode.node.interceptors.exchange import note_error
from idnode.node.service import events
from idnode.node.service.answers import answer_for, text_for
from idnode.node.service.errors import (
    AdministrationRefused,
    AnswerTooLarge,
    NotResponsible,
    OperationNotSupported,
    PrefixReferral,
    ReservedOperation,
    ServiceReferral,
)
from idnode.node.service.handle.peers import is_id_sdk
from idnode.registry.handle.limits import HANDLE_BYTES_MAX
from idnode.registry.handle.wire.constants import (
    BEST_VERSION,
    EXPIRATION_SECONDS,
    HEADER_BYTES,
    MESSAGE_BYTES_MAX,
    REQUEST_ID_UNKNOWN,
    SITE_SERIAL_UNKNOWN,
    OpCode,
    OpFlag,
    ResponseCode,
)
from idnode.registry.handle.wire.digest import digest_of, encode_digest
from idnode.registry.handle.wire.envelope import encode_envelope
from idnode.registry.handle.wire.errors import ProtocolError
from idnode.registry.handle.wire.failure import encode_failure
from idnode.registry.handle.wire.message import Message, encode_response
from idnode.registry.handle.wire.referral import Referral, encode_referral
from idnode.registry.handle.wire.versions import digest_algorithm, negotiate, response_code_for

if TYPE_CHECKING:
    from idnode.node.service.handle.connection import Connection
    from idnode.registry.handle.proofs.signatures import SigningKey
    from idnode.registry.handle.wire.envelope import Envelope

_MAJOR, _MINOR = BEST_VERSION
_LOST_VERSION: Final = (2, 3)
_LOST_FLAGS: Final = OpFlag.RECURSIVE | OpFlag.CACHE_CERTIFY | OpFlag.PUBLIC_ONLY
_UNREADABLE: Final = (
    ProtocolError,
    AdministrationRefused,
    OperationNotSupported,
    ReservedOperation,
)
_SUCCESS: Final = int(ResponseCode.SUCCESS)
_ECHOED: Final = 0xFFFFFFFF & ~(OpFlag.CONTINUOUS | OpFlag.OVERWRITE | OpFlag.TRUSTED_RESULT)
_AUTHORITATIVE: Final = OpFlag.AUTHORITATIVE
_REQUEST_DIGEST: Final = OpFlag.REQUEST_DIGEST
_CREDENTIAL_BYTES_MAX: Final = 1024
"""Room that every answer leaves for a signature; one of a 2048-bit key takes 324 bytes."""
_BODY_BYTES_MAX: Final = MESSAGE_BYTES_MAX - HEADER_BYTES - _CREDENTIAL_BYTES_MAX

OPERATION_NAMES: Final[dict[int, str]] = {
    OpCode.RESOLUTION: events.RESOLVE,
    OpCode.GET_SITE_INFO: events.SITE,
    OpCode.CREATE_HANDLE: events.CREATE,
    OpCode.DELETE_HANDLE: events.DELETE,
    OpCode.ADD_VALUES: events.ADD,
    OpCode.MODIFY_VALUES: events.MODIFY,
    OpCode.REMOVE_VALUES: events.REMOVE,
    OpCode.LIST_HANDLES: events.LIST,
}
"""The observer's name of each operation; all others are `events.OTHER`."""


@dataclass(slots=True)
class Reply:
    """One answer: its bytes (envelope and message) and the facts that an observer is told.

    ``continued``: further answers to the same request follow this one. ``private``: it shows what not
    everybody may read.
    """

    wire: bytes
    operation: str
    response_code: int
    prefix: bytes
    continued: bool = False
    private: bool = False


ReplyTo = Callable[[Reply], None]
"""Takes the answer, or each of the answers, to one request."""


class Responses:
    """Makes the answers of this node.

    ``site_serial`` is the serial number of its site record, ``signing_key`` the key behind the public key in it;
    without one answers go unsigned. ``lost_request_ids``: what cannot be read is answered with a request id that
    nobody has, as the reference server does, so that its clients run into their time-outs
    (handle-server-observed.md §3). A node that answers for others is not ``authoritative``.
    """

    def __init__(
        self,
        site_serial: int = 1,
        log: logging.Logger | None = None,
        *,
        signing_key: SigningKey | None = None,
        lost_request_ids: bool = False,
        authoritative: bool = True,
    ) -> None:
        self.site_serial = site_serial
        self.signing_key = signing_key
        self.lost_request_ids = lost_request_ids
        self._own_flags = int(_AUTHORITATIVE) if authoritative else 0
        self._echoed = _ECHOED if authoritative else _ECHOED & ~_AUTHORITATIVE
        self.unplanned = UnplannedErrors(log or logging.getLogger(__name__))

    def success(  # noqa: PLR0913, PLR0917  # called for each request: no object for its arguments
        self,
        message: Message,
        envelope: Envelope,
        connection: Connection,
        body: bytes,
        operation: str,
        prefix: bytes,
        flags: int = 0,
        response_code: int = _SUCCESS,
    ) -> Reply:
        """Return the answer with this body; ``flags`` are set beside the request's own.

        Raises:
            AnswerTooLarge: Deployed clients could not read it.

        """
        op_flags = message.op_flags & self._echoed | self._own_flags | flags
        if envelope.suggested_minor == _MINOR and envelope.suggested_major == _MAJOR:
            major, minor = _MAJOR, _MINOR
        else:
            major, minor = negotiate(envelope)
        if op_flags & _REQUEST_DIGEST:
            digest = digest_of(message.signed, digest_algorithm((major, minor)))
            body = encode_digest(digest) + body
        if len(body) > _BODY_BYTES_MAX:
            raise AnswerTooLarge(f"The answer is larger than {MESSAGE_BYTES_MAX} bytes")
        data = encode_response(
            message.op_code,
            response_code,
            op_flags,
            self.site_serial,
            connection.now + EXPIRATION_SECONDS,
            body,
        )
        session_id, request_id = envelope.session_id, envelope.request_id
        front = encode_envelope(
            major, minor, 0, _MAJOR, _MINOR, session_id, request_id, 0, len(data)
        )
        return Reply(
            front + data,
            operation,
            response_code,
            prefix,
            bool(op_flags & OpFlag.CONTINUOUS),
        )

    def failure(
        self,
        error: Exception,
        envelope: Envelope,
        connection: Connection,
        message: Message | None = None,
    ) -> Reply:
        """Return the answer that tells of an error; ``message`` is missing when it could not be decoded.

        An error that nobody planned is counted and logged; its details stay off the wire.
        """
        note_error(error)
        answer = answer_for(error)
        code = int(answer.response_code)
        if answer.log_level >= logging.ERROR:
            self.unplanned.note(error)
        if self.lost_request_ids and (message is None or isinstance(error, _UNREADABLE)):
            return self._lost(error, code, connection, message)
        if message is None:
            message = Message(int(OpCode.RESERVED), 0, 0, 0, 0, 0, b"")
        if isinstance(error, NotResponsible) and is_id_sdk(envelope):
            code = int(ResponseCode.HANDLE_NOT_FOUND)
            body = encode_failure()
        elif isinstance(error, PrefixReferral):
            body = encode_referral(Referral(error.handle, error.values))
        elif isinstance(error, ServiceReferral):
            body = encode_referral(Referral(b"", error.values))
        else:
            body = encode_failure(text_for(error))
        return self.success(
            message,
            envelope,
            connection,
            body,
            OPERATION_NAMES.get(message.op_code, events.OTHER),
            asked_prefix(message.body),
            response_code=response_code_for(negotiate(envelope), code),
        )

    def _lost(
        self, error: Exception, code: int, connection: Connection, message: Message | None
    ) -> Reply:
        """Return an answer in the form that the reference server gives those without a request id."""
        refused = message is not None and isinstance(error, AdministrationRefused)
        data = encode_response(
            message.op_code if refused and message is not None else OpCode.RESERVED,
            code,
            _LOST_FLAGS,
            SITE_SERIAL_UNKNOWN,
            connection.now + EXPIRATION_SECONDS,
            encode_failure(text_for(error)),
        )
        front = encode_envelope(
            *_LOST_VERSION, 0, _MAJOR, _MINOR, 0, REQUEST_ID_UNKNOWN, 0, len(data)
        )
        return Reply(front + data, events.OTHER, code, b"")


def asked_prefix(body: bytes) -> bytes:
    """Return the prefix of the handle in front of a request's body as spelled; empty if none is readable."""
    return asked_handle(body).partition(b"/")[0]


def asked_handle(body: bytes) -> bytes:
    """Return the handle in front of a request's body as spelled, cut where it is too long to be one."""
    length = int.from_bytes(body[:4], "big")
    return body[4 : 4 + min(length, HANDLE_BYTES_MAX)]


class UnplannedErrors:
    """Counts errors that nobody planned and logs each kind once with its traceback."""

    KINDS_MAX: Final = 64
    """Most kinds told apart; one is the class and the place where it was raised."""

    def __init__(self, log: logging.Logger) -> None:
        self.count = 0
        self._log = log
        self._kinds: set[tuple[str, str, int]] = set()

    def note(self, error: Exception) -> None:
        """Take in one error."""
        self.count += 1
        kind = _kind_of(error)
        if kind not in self._kinds and len(self._kinds) < self.KINDS_MAX:
            self._kinds.add(kind)
            self._log.error(
                "unplanned error, logged once for its kind; the peer got response code 2",
                exc_info=error,
            )


def _kind_of(error: Exception) -> tuple[str, str, int]:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return (type(error).__name__, "", 0)
    return (type(error).__name__, trace.tb_frame.f_code.co_filename, trace.tb_lineno)
