"""The challenge dialogue: who asks is challenged, answers, and the request goes on (handle-protocol.md §6.1).

An answer (op 200) has the original request carried out as if its sender's identity were known, and proves it
last: so a missing record or a missing right is told first, as the reference server does
(handle-server-observed.md §3). What comes back has the original operation's code and the answer's request id.
Within a session, an answer that proves the identity proves it for all that follows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from idnode.node.service import events
from idnode.node.service.errors import AuthenticationFailed, InvalidCredential
from idnode.node.service.handle.challenges import challenge_flags
from idnode.node.service.handle.response import OPERATION_NAMES, asked_prefix
from idnode.node.service.identifiers.credentials import Identity, same
from idnode.registry.handle.wire.challenge import (
    PUBLIC_KEY,
    SECRET_KEY,
    ChallengeAnswer,
    decode_answer,
    decode_verification,
    encode_challenge,
    encode_verdict,
)
from idnode.registry.handle.wire.constants import OpCode, OpFlag, ResponseCode
from idnode.registry.handle.wire.message import Message
from idnode.registry.handle.wire.versions import digest_is_typed, negotiate

if TYPE_CHECKING:
    from idnode.node.service.handle.challenges import Challenges
    from idnode.node.service.handle.connection import Connection
    from idnode.node.service.handle.dispatch import Dispatch, Operation
    from idnode.node.service.handle.pending import PendingChallenge
    from idnode.node.service.handle.proofs import Proofs
    from idnode.node.service.handle.response import Reply, ReplyTo, Responses
    from idnode.node.service.handle.sealing import Sealing
    from idnode.node.service.handle.sessions import Sessions
    from idnode.registry.handle.wire.envelope import Envelope

_FROM_ANSWER: Final = OpFlag.REQUEST_DIGEST | OpFlag.CERTIFY | OpFlag.ENCRYPT
"""Flags of the final answer that follow the answer to the challenge; all others are the request's."""

_LOGINS: Final = (OpCode.LOGIN_ID_SYSTEM, OpCode.LOGIN_PASSWORD)
_KINDS: Final = (PUBLIC_KEY, SECRET_KEY)


class Authentication:
    """Challenges whoever needs to prove something, and takes the answers."""

    def __init__(
        self,
        challenges: Challenges,
        sessions: Sessions,
        proofs: Proofs,
        responses: Responses,
        sealing: Sealing,
    ) -> None:
        self._challenges = challenges
        self._sessions = sessions
        self._proofs = proofs
        self._sealing = sealing
        self._success = responses.success

    def challenge(self, message: Message, envelope: Envelope, connection: Connection) -> Reply:
        """Return the challenge (RC 402) to a request whose sender is not known.

        Raises:
            InvalidCredential: The session's owner is known, and the request does not carry its code.

        """
        session = connection.session
        if session is not None and session.identity is not None and not connection.keyed:
            raise InvalidCredential("The session's messages carry its code")
        version = negotiate(envelope)
        pending = self._challenges.issue(message, envelope, connection, version)
        challenge = pending.challenge
        if digest_is_typed(version):
            # Responses put the digest in front themselves, because the flags ask for it.
            challenge = replace(challenge, digest=None)
        return self._success(
            message,
            replace(envelope, session_id=pending.number),
            connection,
            encode_challenge(challenge, version),
            OPERATION_NAMES.get(message.op_code, events.OTHER),
            asked_prefix(message.body),
            challenge_flags(version),
            ResponseCode.AUTHENTICATION_NEEDED,
        )

    def operations(self, dispatch: Dispatch) -> dict[int, Operation]:
        """Return the table of this dialogue's operations; answered requests go on through ``dispatch``."""

        def answer(
            message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
        ) -> None:
            self._answer(dispatch, message, envelope, connection, reply)

        def verify(
            message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
        ) -> None:
            if not message.op_flags & OpFlag.CERTIFY:
                # The reference server signs these answers without being asked.
                reply = self._sealing.certified(message, envelope, connection, reply)
            work = self._verify(message, envelope, connection)
            dispatch.later(work, message, envelope, connection, reply)

        return {OpCode.CHALLENGE_ANSWER: answer, OpCode.VERIFY_CHALLENGE: verify}

    def _answer(
        self,
        dispatch: Dispatch,
        message: Message,
        envelope: Envelope,
        connection: Connection,
        reply: ReplyTo,
    ) -> None:
        """Go on with the request that was challenged.

        Raises:
            ProtocolError: The body is no answer.
            ChallengeUnknown: No such challenge.

        """
        answer = decode_answer(message.body)
        pending = self._challenges.take(envelope.session_id, connection)
        request, onward = _resumed(pending, message, envelope)

        async def prove() -> None:
            await self._prove(answer, pending)

        claimed = Identity(answer.handle, answer.index)
        dispatch(request, onward, connection.claiming(claimed, prove), reply)

    async def _prove(self, answer: ChallengeAnswer, pending: PendingChallenge) -> Identity:
        """Return who the answer proves to be there.

        Raises:
            AuthenticationFailed: Nobody.
            NodeBusy: Too many proofs wait.

        """
        identity = await self._proofs.check(answer, pending.challenge.proven, pending.version)
        session = pending.session
        if session is not None and pending.keyed and session.identity is None:
            claimed = session.claimed
            if claimed is None or same(claimed, identity):
                self._sessions.prove(session, identity)
        return identity

    async def _verify(self, message: Message, envelope: Envelope, connection: Connection) -> Reply:
        """ChallengeAnswer whether a proof that was given to another server is good."""
        asked = decode_verification(message.body)
        proven = asked.nonce + asked.digest.digest
        valid = True
        try:
            for kind in _KINDS:
                answer = ChallengeAnswer(kind, asked.handle, asked.index, asked.proof)
                if await self._proofs.has_key(answer):
                    break
            await self._proofs.check(answer, proven, negotiate(envelope))
        except AuthenticationFailed:
            valid = False
        return self._success(
            message, envelope, connection, encode_verdict(valid=valid), events.OTHER, b""
        )


def _resumed(
    pending: PendingChallenge, answer: Message, envelope: Envelope
) -> tuple[Message, Envelope]:
    """Return the original request as it goes on: with its own code, flags and body.

    A request digest in the final answer is that of the message which it answers.
    """
    original = pending.message
    digested = answer.op_flags & _FROM_ANSWER | original.op_flags & ~_FROM_ANSWER
    request = Message(
        original.op_code,
        0,
        digested,
        original.site_serial,
        original.recursion_count,
        original.expiration,
        original.body,
        signed=answer.signed,
    )
    stays = pending.session is not None or original.op_code in _LOGINS
    number = envelope.session_id if stays else 0
    return request, replace(envelope, session_id=number)
