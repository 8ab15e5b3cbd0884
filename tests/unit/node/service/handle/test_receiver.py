"""Every message of bytes gets an answer with its request id, whatever the bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.node.service.handle.connection import Connection
from idnode.node.service.handle.receiver import Receiver

CONNECTION = Connection(("192.0.2.1", 9), stream=True, now=1000)


@pytest.fixture
def admit(wire):
    def admit(receiver, data, **fields):
        replies = []
        receiver.receive(wire.envelope(len(data), **fields), data, CONNECTION, replies.append)
        (reply,) = replies
        return wire.codes(reply.wire)

    return admit


async def test_a_request_goes_through(service, admit, wire):
    assert admit(service.receiver, wire.message(2, b"\0\0\0\x01/")) == [(7, 1)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 23,
        b"\0\0\0\x01" + bytes(16) + b"\xff\xff\xff\xff",
        b"\0\0\0\x01" + bytes(16) + b"\0\0\0\0" + b"\x7f\xff\xff\xff",
    ],
)
async def test_what_cannot_be_decoded_is_a_protocol_error_with_its_request_id(service, admit, data):
    assert admit(service.receiver, data) == [(7, 4)]


async def test_an_encrypted_message_has_no_session_here(service, admit, wire):
    assert admit(service.receiver, wire.message(), flags=0x40) == [(7, 500)]


async def test_a_wrapped_dispatch_sees_each_request(service, admit, wire):
    seen = []

    def wrapped(message, envelope, connection, reply):
        seen.append(message.op_code)
        service.dispatch(message, envelope, connection, reply)

    assert admit(
        Receiver(wrapped, service.responses, service.gate, service.sealing), wire.message(999)
    ) == [(7, 5)]
    assert seen == [999]


async def test_any_bytes_get_one_answer_and_nothing_unplanned(service, wire):
    replies = []
    asked = 0
    header = st.builds(
        lambda op, flags, body: wire.message(op, body, flags),
        st.sampled_from(
            [0, 1, 2, *range(100, 107), 200, 201, 300, 302, 400, 401, 402, 999, 2000, 2001]
        ),
        st.integers(0, 0xFFFFFFFF),
        st.binary(max_size=80),
    )

    @given(st.one_of(st.binary(max_size=120), header))
    def ask(data):
        nonlocal asked
        asked += 1
        service.receiver.receive(wire.envelope(len(data)), data, CONNECTION, replies.append)

    ask()
    await service.dispatch.drain()
    assert len(replies) == asked
    for reply in replies:
        ((request_id, code),) = wire.codes(reply.wire)
        assert request_id == 7
        assert code != 0
    assert service.responses.unplanned.count == 0
