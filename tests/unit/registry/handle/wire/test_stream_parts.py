"""Requests in several flagged envelopes on a stream: both ways of counting, and nothing without a bound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.registry.handle.wire.constants import EnvelopeFlag
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.errors import FragmentsInconsistent, MessageTooLarge, ProtocolError
from idnode.registry.handle.wire.framing import Framer
from idnode.registry.handle.wire.message import encode_response
from idnode.registry.handle.wire.stream_parts import JOINED_BYTES_MAX, PART_BYTES_MAX, Joiner

MESSAGE = encode_response(100, 0, 0, 0xFFFF, 0x7FFFFFFF, bytes(range(256)) * 2000)


def envelope(length, sequence=0, request_id=7):
    return Envelope(2, 10, EnvelopeFlag.TRUNCATED, 2, 11, 0, request_id, sequence, length)


def parts(message, *, total, size=PART_BYTES_MAX):
    cut = [message[at : at + size] for at in range(0, len(message), size)]
    return [
        (envelope(len(message) if total else len(part), sequence), part)
        for sequence, part in enumerate(cut)
    ]


@pytest.mark.parametrize("total", [True, False])
@pytest.mark.parametrize("message", [MESSAGE, MESSAGE[:-4]])
def test_a_long_request_is_joined_however_its_parts_are_counted(total, message):
    stream = b"".join(each.encode() + part for each, part in parts(message, total=total))
    framer, joiner, found = Framer(), Joiner(), []
    for at in range(0, len(stream), 50_000):
        for framed in framer.feed(stream[at : at + 50_000]):
            whole = joiner.take(*framed)
            found += [whole] if whole else []
    ((joined, data),) = found
    assert data == message
    assert (joined.flags, joined.message_length) == (0, len(message))


def test_small_parts_with_their_own_lengths_are_joined():
    joiner = Joiner()
    found = [joiner.take(*part) for part in parts(MESSAGE, total=False, size=1000)]
    assert found[:-1] == [None] * (len(found) - 1)
    assert found[-1][1] == MESSAGE


def test_parts_of_two_messages_are_no_message_and_the_next_one_is():
    joiner = Joiner()
    assert joiner.take(envelope(40), MESSAGE[:40]) is None
    with pytest.raises(FragmentsInconsistent):
        joiner.take(envelope(40, request_id=8), MESSAGE[40:80])
    short = encode_response(2, 0, 0, 0, 0, b"")
    assert joiner.take(envelope(len(short)), short)[1] == short


def test_what_grows_over_the_bound_is_refused():
    huge = encode_response(100, 0, 0, 0, 0, bytes(JOINED_BYTES_MAX))
    joiner = Joiner()
    *fitting, last = parts(huge, total=False)
    for part in fitting:
        assert joiner.take(*part) is None
    with pytest.raises(MessageTooLarge):
        joiner.take(*last)
    with pytest.raises(MessageTooLarge):
        Framer().feed(envelope(JOINED_BYTES_MAX + 1).encode())


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 400_000), st.binary(max_size=80))))
def test_any_parts_are_joined_or_refused(given_parts):
    joiner = Joiner()
    for request_id, length, part in given_parts:
        try:
            joiner.take(envelope(length, request_id=request_id), part)
        except ProtocolError:
            continue
