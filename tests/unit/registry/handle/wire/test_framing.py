"""A byte stream cut into messages.

* Messages come out whole, however the stream was cut, also many at once; one line end before
  each is skipped.
* An impossible envelope is refused with the facts, after the good messages before it.
* What an ending stream cut off is told; nothing is held but the incomplete rest.
"""

import pytest

from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.errors import (
    EnvelopeTooShort,
    MessageIncomplete,
    MessageTooLarge,
    UnsupportedVersion,
)
from idnode.registry.handle.wire.framing import Framer


def framed(payload, request_id=1, length=None, major=2):
    size = len(payload) if length is None else length
    return Envelope(major, 10, 0, 2, 11, 0, request_id, 0, size).encode() + payload


def payloads(messages):
    return [payload for _, payload in messages]


def test_many_messages_in_one_read_come_out_at_once():
    stream = b"".join(framed(bytes([number]) * number, number) for number in range(200))
    messages = Framer().feed(stream)
    assert [envelope.request_id for envelope, _ in messages] == list(range(200))
    assert payloads(messages) == [bytes([number]) * number for number in range(200)]


def test_a_message_in_many_reads_comes_out_once():
    stream = framed(b"x" * 200_000)
    framer = Framer()
    found = [
        message
        for at in range(0, len(stream), 1000)
        for message in framer.feed(stream[at : at + 1000])
    ]
    assert payloads(found) == [b"x" * 200_000]


@pytest.mark.parametrize("line_end", [b"\n", b"\r"])
def test_one_line_end_before_an_envelope_is_skipped(line_end):
    stream = line_end + framed(b"a") + framed(b"b") + line_end + framed(b"c")
    assert payloads(Framer().feed(stream)) == [b"a", b"b", b"c"]
    framer = Framer()
    dripped = [found for at in range(len(stream)) for found in framer.feed(stream[at : at + 1])]
    assert payloads(dripped) == [b"a", b"b", b"c"]


def test_two_line_ends_are_no_envelope():
    with pytest.raises(UnsupportedVersion):
        Framer().feed(b"\r\n" + framed(b"a"))


def test_the_limit_is_on_the_message_and_can_be_set():
    assert payloads(Framer(5).feed(framed(b"12345"))) == [b"12345"]
    framer = Framer(5)
    with pytest.raises(MessageTooLarge) as caught:
        framer.feed(framed(b"", length=6, request_id=77))
    assert (caught.value.length, caught.value.limit) == (6, 5)
    assert framer.rejected is not None
    assert framer.rejected.request_id == 77


@pytest.mark.parametrize("length", [262_145, 2**31, 2**32 - 1])
def test_an_announced_length_over_the_limit_is_refused_before_anything_arrives(length):
    with pytest.raises(MessageTooLarge):
        Framer().feed(framed(b"", length=length))


def test_good_messages_before_an_impossible_envelope_are_delivered():
    framer = Framer()
    assert payloads(framer.feed(framed(b"good") + framed(b"", major=255))) == [b"good"]
    assert isinstance(framer.failure, UnsupportedVersion)
    with pytest.raises(UnsupportedVersion):
        framer.feed(b"anything")


def test_a_message_of_no_bytes_is_a_message():
    assert payloads(Framer().feed(framed(b"") + framed(b"a"))) == [b"", b"a"]


def test_an_end_between_messages_is_clean():
    framer = Framer()
    framer.finish()
    framer.feed(framed(b"a") + b"\n")
    framer.finish()


def test_an_end_within_an_envelope_is_told():
    framer = Framer()
    framer.feed(b"\nGET / HTTP/1.1")
    with pytest.raises(EnvelopeTooShort) as caught:
        framer.finish()
    assert caught.value.received == 14


def test_an_end_within_a_message_is_told_with_its_envelope():
    framer = Framer()
    framer.feed(framed(b"0123456789", length=58, request_id=9))
    with pytest.raises(MessageIncomplete) as caught:
        framer.finish()
    assert (caught.value.expected, caught.value.received) == (58, 10)
    assert framer.rejected is not None
    assert framer.rejected.request_id == 9
