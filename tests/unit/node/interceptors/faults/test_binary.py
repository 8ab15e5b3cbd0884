"""Faults in messages of the Handle protocol: listings in parts; what is no message stays as it is."""

from random import Random

from idnode.node.interceptors.actions import Close, Send
from idnode.node.interceptors.exchange import Exchange
from idnode.node.interceptors.faults.binary import (
    ReferralLoopAction,
    ResponseCodeAction,
    SplitListAction,
    WrongRequestIdAction,
)
from idnode.registry.handle.wire.administration import decode_handle_list, encode_handle_list
from idnode.registry.handle.wire.constants import OpCode, OpFlag
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.framing import Framer
from idnode.registry.handle.wire.message import decode_message, encode_response

HANDLES = [b"88.900.1/%d" % number for number in range(5)]


def answer(op_code, body, code=1):
    message = encode_response(op_code, code, 0, 0, 0, body)
    return Envelope(2, 11, 0, 2, 11, 0, 9, 0, len(message)).encode() + message


def struck(action, wire, connection=1):
    exchange = Exchange("handle_tcp", b"", started=0.0, connection=connection)
    exchange.handle = HANDLES[0]
    plan = action.apply(exchange, (Send(wire),), Random(1))
    return plan, [
        (envelope, decode_message(data))
        for step in plan
        for envelope, data in Framer().feed(step.wire)
    ]


def test_a_listing_leaves_in_many_messages():
    wire = answer(OpCode.LIST_HANDLES, encode_handle_list(HANDLES))
    _, found = struck(SplitListAction(kind="split_list", handles=2), wire)
    listed = [list(decode_handle_list(message.body)) for _, message in found]
    assert listed == [HANDLES[:2], HANDLES[2:4], HANDLES[4:]]
    flags = [bool(message.op_flags & OpFlag.CONTINUOUS) for _, message in found]
    assert flags == [True, True, False]
    assert {envelope.request_id for envelope, _ in found} == {9}


def test_other_answers_are_no_listing():
    wire = answer(OpCode.RESOLUTION, b"")
    _, found = struck(SplitListAction(kind="split_list"), wire)
    assert len(found) == 1
    refused = answer(OpCode.LIST_HANDLES, b"", code=400)
    _, found = struck(SplitListAction(kind="split_list"), refused)
    assert [message.response_code for _, message in found] == [400]
    _, found = struck(ReferralLoopAction(kind="referral_loop"), refused)
    assert [message.response_code for _, message in found] == [400]


def test_a_large_error_over_udp_is_cut_into_datagrams():
    action = ResponseCodeAction(kind="response_code", code=2, message="x" * 500)
    plan, _ = struck(action, answer(OpCode.RESOLUTION, b""), connection=1)
    assert len(plan) == 1
    exchange = Exchange("handle_udp", b"", started=0.0)
    plan = action.apply(exchange, (Send(answer(OpCode.RESOLUTION, b"")),), Random(1))
    assert len(plan) == 2


def test_what_is_no_message_stays_as_it_is():
    exchange = Exchange("handle_tcp", b"", started=0.0)
    for plan in ((Send(b"short"),), (Close(),), ()):
        for action in (
            ResponseCodeAction(kind="response_code", code=2),
            WrongRequestIdAction(kind="wrong_request_id"),
        ):
            assert action.apply(exchange, plan, Random(1)) == plan
