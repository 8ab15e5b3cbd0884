"""Faults in what messages of the Handle protocol say: ids, response codes, referrals, listings in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, IPvAnyAddress

from idnode.node.interceptors.actions import Send
from idnode.node.interceptors.faults.actions import FaultAction
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.types.hs_site import Interface, Server, Site, encode_site, pack_address
from idnode.registry.handle.values import pack
from idnode.registry.handle.wire.administration import decode_handle_list, encode_handle_list
from idnode.registry.handle.wire.constants import (
    DATAGRAM_BYTES_MAX,
    ENVELOPE_BYTES,
    InterfaceType,
    OpCode,
    OpFlag,
    Transport,
)
from idnode.registry.handle.wire.datagrams import split
from idnode.registry.handle.wire.envelope import Envelope, decode_envelope
from idnode.registry.handle.wire.errors import ProtocolError
from idnode.registry.handle.wire.failure import encode_failure
from idnode.registry.handle.wire.message import Message, decode_message, encode_message
from idnode.registry.handle.wire.referral import Referral, encode_referral

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from idnode.node.interceptors.actions import Plan
    from idnode.node.interceptors.exchange import Exchange

_U4_MAX = 0xFFFFFFFF


class WrongRequestIdAction(FaultAction):
    """Answers with another request id."""

    kind: Literal["wrong_request_id"]

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Change it in each envelope."""
        del exchange
        other = seeded.randrange(1, _U4_MAX)

        def change(envelope: Envelope) -> None:
            envelope.request_id ^= other

        return _with_envelopes(plan, change)


class WrongSessionIdAction(FaultAction):
    """Answers with another session id."""

    kind: Literal["wrong_session_id"]

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Change it in each envelope."""
        del exchange
        other = seeded.randrange(1, _U4_MAX)

        def change(envelope: Envelope) -> None:
            envelope.session_id ^= other

        return _with_envelopes(plan, change)


class ResponseCodeAction(FaultAction):
    """Answers with a response code in place of what the node says; only binary faces, others see ``http``."""

    kind: Literal["response_code"]
    code: Annotated[int, Field(ge=2, le=9999)]
    message: Annotated[str, Field(max_length=500)] = "Injected by a fault"

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Put an error in the answer's place."""
        del seeded

        def change(message: Message) -> list[Message]:
            message.response_code = self.code
            message.op_flags &= ~(OpFlag.CONTINUOUS | OpFlag.REQUEST_DIGEST)
            message.body = encode_failure(self.message)
            message.credential = b""
            return [message]

        return _with_message(exchange, plan, change)


class ReferralLoopAction(FaultAction):
    """Refers whoever resolves back to this node (response code 302), again and again."""

    kind: Literal["referral_loop"]

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Refer to the handle that was asked for."""
        del seeded
        handle = exchange.handle

        def change(message: Message) -> list[Message]:
            if message.op_code != OpCode.RESOLUTION:
                return [message]
            message.response_code = 302
            message.op_flags &= ~OpFlag.REQUEST_DIGEST
            message.body = len(handle).to_bytes(4, "big") + handle
            message.credential = b""
            return [message]

        return _with_message(exchange, plan, change)


class ReferralAction(FaultAction):
    """Refers whoever resolves to a server (response code 302 or 303), by a site record in the answer."""

    kind: Literal["referral"]
    code: Literal[302, 303] = 302
    host: IPvAnyAddress
    port: Annotated[int, Field(ge=1, le=65_535)]
    """Of the server, for UDP and TCP."""

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Refer there."""
        del seeded
        interfaces = tuple(
            Interface(InterfaceType.QUERY, transport, self.port)
            for transport in (Transport.UDP, Transport.TCP)
        )
        server = Server(1, pack_address(str(self.host)), interfaces=interfaces)
        site = HandleValue(1, "HS_SITE", encode_site(Site(1, (server,))))

        def change(message: Message) -> list[Message]:
            if message.op_code != OpCode.RESOLUTION:
                return [message]
            message.response_code = self.code
            message.op_flags &= ~OpFlag.REQUEST_DIGEST
            message.body = encode_referral(Referral(values=pack([site])))
            message.credential = b""
            return [message]

        return _with_message(exchange, plan, change)


class VersionAction(FaultAction):
    """Answers in another version of the protocol, as older servers do."""

    kind: Literal["version"]
    major: Annotated[int, Field(ge=0, le=255)] = 2
    minor: Annotated[int, Field(ge=0, le=255)] = 1

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Change it in each envelope."""
        del exchange, seeded

        def change(envelope: Envelope) -> None:
            envelope.major, envelope.minor = self.major, self.minor

        return _with_envelopes(plan, change)


class SplitListAction(FaultAction):
    """Sends a listing in many messages of few handles, flagged CONTINUOUS but the last."""

    kind: Literal["split_list"]
    handles: Annotated[int, Field(ge=1, le=50)] = 1

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Cut each message of the listing."""
        del seeded

        def change(message: Message) -> list[Message]:
            listing = {OpCode.LIST_HANDLES, OpCode.LIST_HOMED_PREFIXES}
            if message.op_code not in listing or message.response_code != 1:
                return [message]
            handles = decode_handle_list(message.body)
            parts = [handles[at : at + self.handles] for at in range(0, len(handles), self.handles)]
            made = []
            for number, part in enumerate(parts or [()]):
                flags = message.op_flags
                if number < len(parts) - 1:
                    flags |= OpFlag.CONTINUOUS
                made.append(
                    Message(
                        message.op_code,
                        message.response_code,
                        flags,
                        message.site_serial,
                        message.recursion_count,
                        message.expiration,
                        encode_handle_list(part),
                    )
                )
            return made

        return _with_message(exchange, plan, change)


def _with_envelopes(plan: Plan, change: Callable[[Envelope], None]) -> Plan:
    """Return a plan with each envelope changed; what has none stays."""
    steps = []
    for step in plan:
        if isinstance(step, Send) and isinstance(step.content, bytes):
            try:
                envelope = decode_envelope(step.content)
            except ProtocolError:
                steps.append(step)
                continue
            change(envelope)
            steps.append(Send(envelope.encode() + step.content[ENVELOPE_BYTES:]))
        else:
            steps.append(step)  # type: ignore[arg-type]  # a step of another kind
    return tuple(steps)


def _with_message(
    exchange: Exchange, plan: Plan, change: Callable[[Message], list[Message]]
) -> Plan:
    """Return a plan with the one message that its datagrams or segments carry changed; others stay as they are.

    Messages of a session are left alone where they are encrypted, for their text is not to be had here.
    """
    wires = [s.content for s in plan if isinstance(s, Send) and isinstance(s.content, bytes)]
    if not wires:
        return plan
    try:
        envelope = decode_envelope(wires[0])
        body = b"".join(wire[ENVELOPE_BYTES:] for wire in wires)
        message = decode_message(body[: envelope.message_length])
    except ProtocolError:
        return plan
    sends: list[Send] = []
    for made in change(message):
        encoded = encode_message(made)
        whole = Envelope(
            envelope.major,
            envelope.minor,
            0,
            envelope.suggested_major,
            envelope.suggested_minor,
            envelope.session_id,
            envelope.request_id,
            0,
            len(encoded),
        )
        if exchange.connection or len(encoded) + ENVELOPE_BYTES <= DATAGRAM_BYTES_MAX:
            sends.append(Send(whole.encode() + encoded))
        else:
            sends += [Send(datagram) for datagram in split(whole, encoded)]
    others = tuple(step for step in plan if not isinstance(step, Send))
    return (*others, *sends)
