"""Messages cut into datagrams and put together again.

* Datagrams have at most 512 bytes, each with the total length and its number; the flag can be
  switched.
* They join in any order, repeated ones are ignored, contradictions give the message up.
* Incomplete messages expire after five seconds and are bounded in number and in bytes.
* A server takes unflagged datagrams for messages by themselves; a client joins them.
"""

import itertools

import pytest

from idnode.registry.handle.wire.constants import EnvelopeFlag
from idnode.registry.handle.wire.datagrams import Reassembly, split
from idnode.registry.handle.wire.envelope import Envelope, decode_envelope
from idnode.registry.handle.wire.errors import (
    EnvelopeTooShort,
    FragmentsInconsistent,
    MessageTooLarge,
    UnsupportedVersion,
)


def envelope(request_id=1, flags=0, sequence=0, length=0):
    return Envelope(2, 11, flags, 2, 11, 0, request_id, sequence, length)


def part(payload, *, total, sequence=0, request_id=1, flags=EnvelopeFlag.TRUNCATED):
    return envelope(request_id, flags, sequence, total).encode() + payload


MESSAGE = bytes(range(250)) * 5


@pytest.mark.parametrize(
    ("size", "count"), [(0, 1), (1, 1), (492, 1), (493, 2), (984, 2), (985, 3), (262_144, 533)]
)
def test_a_message_is_cut_at_492_bytes(size, count):
    datagrams = split(envelope(), bytes(size))
    assert len(datagrams) == count
    assert all(len(datagram) <= 512 for datagram in datagrams)
    envelopes = [decode_envelope(datagram) for datagram in datagrams]
    assert [found.sequence for found in envelopes] == list(range(count))
    assert {found.message_length for found in envelopes} == {size}
    flag = EnvelopeFlag.TRUNCATED if count > 1 else 0
    assert {found.flags for found in envelopes} == {flag}


def test_the_flag_on_several_datagrams_can_be_switched_off():
    flagged = envelope(flags=EnvelopeFlag.TRUNCATED)
    for datagram in split(flagged, MESSAGE, mark_truncated=False):
        assert not decode_envelope(datagram).flags


def test_a_single_datagram_keeps_the_flag_of_its_request():
    [datagram] = split(envelope(flags=EnvelopeFlag.TRUNCATED), b"short")
    assert decode_envelope(datagram).flags == EnvelopeFlag.TRUNCATED


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_datagrams_join_in_any_order(order):
    datagrams = split(envelope(), MESSAGE)
    reassembly = Reassembly()
    *early, last = [reassembly.add("peer", datagrams[number], 0.0) for number in order]
    assert early == [None, None]
    assert last is not None
    assert last[0].sequence == 0
    assert last[1] == MESSAGE
    assert (len(reassembly), reassembly.held_bytes) == (0, 0)


def test_repeated_datagrams_are_ignored():
    first, second, third = split(envelope(), MESSAGE)
    reassembly = Reassembly()
    for datagram in (first, first, third, third, first):
        assert reassembly.add("peer", datagram, 0.0) is None
    assert reassembly.add("peer", second, 0.0)[1] == MESSAGE


def test_messages_are_told_apart_by_source_and_request_id():
    reassembly = Reassembly()
    first, second, third = split(envelope(1), MESSAGE)
    for source, datagram in (("a", first), ("b", second), ("a", split(envelope(2), MESSAGE)[1])):
        assert reassembly.add(source, datagram, 0.0) is None
    assert len(reassembly) == 3
    assert reassembly.add("a", third, 0.0) is None
    assert reassembly.add("a", second, 0.0)[1] == MESSAGE


@pytest.mark.parametrize(
    "second",
    [
        part(b"x" * 492, total=1251, sequence=1),
        part(b"x" * 492, total=1249, sequence=1),
        part(b"y" * 492, total=1250, sequence=0),
        part(b"x" * 491, total=1250, sequence=0),
        part(b"x" * 759, total=1250, sequence=1),
        part(b"", total=1250, sequence=1),
        part(b"x", total=1250, sequence=20),
        part(b"x", total=1250, sequence=2**32 - 1),
    ],
)
def test_a_contradiction_gives_the_message_up(second):
    reassembly = Reassembly()
    assert reassembly.add("peer", part(b"x" * 492, total=1250), 0.0) is None
    with pytest.raises(FragmentsInconsistent) as caught:
        reassembly.add("peer", second, 0.0)
    assert caught.value.request_id == 1
    assert (len(reassembly), reassembly.held_bytes) == (0, 0)


def test_a_gap_that_can_no_longer_close_never_joins():
    reassembly = Reassembly()
    assert reassembly.add("peer", part(b"x" * 100, total=200, sequence=1), 0.0) is None
    assert reassembly.add("peer", part(b"x" * 100, total=200, sequence=3), 0.0) is None
    assert reassembly.expire(5.0) == 1


def test_incomplete_messages_expire_after_five_seconds():
    first, second, third = split(envelope(), MESSAGE)
    reassembly = Reassembly()
    reassembly.add("peer", first, 100.0)
    reassembly.add("peer", second, 104.9)
    assert reassembly.expire(104.9) == 0
    assert reassembly.add("peer", third, 105.0) is None
    assert len(reassembly) == 1
    assert reassembly.expire(110.0) == 1
    assert reassembly.held_bytes == 0


def test_the_number_of_incomplete_messages_is_bounded():
    reassembly = Reassembly(messages_max=10)
    for request_id in range(1000):
        reassembly.add("peer", part(b"x", total=100, request_id=request_id), 0.0)
    assert len(reassembly) == 10
    assert reassembly.add("peer", part(b"y" * 99, total=100, sequence=1, request_id=999), 0.0)


def test_the_bytes_of_incomplete_messages_are_bounded():
    reassembly = Reassembly(bytes_max=10_000)
    for request_id in range(1000):
        reassembly.add("peer", part(b"x" * 492, total=1000, request_id=request_id), 0.0)
        assert reassembly.held_bytes <= 10_000
    assert len(reassembly) > 1


def test_a_message_over_the_limit_is_refused_at_its_first_datagram():
    with pytest.raises(MessageTooLarge) as caught:
        Reassembly().add("peer", part(b"x" * 492, total=262_145), 0.0)
    assert caught.value.length == 262_145


def test_bytes_behind_a_whole_message_are_cut_off():
    assert Reassembly().add("peer", part(b"whole and more", total=5), 0.0)[1] == b"whole"


def test_a_server_takes_an_unflagged_datagram_for_a_message():
    datagram = part(b"short", total=5000, flags=0)
    assert Reassembly(flagged_only=True).add("peer", datagram, 0.0)[1] == b"short"
    assert Reassembly().add("peer", datagram, 0.0) is None


def test_a_server_joins_flagged_datagrams():
    reassembly = Reassembly(flagged_only=True)
    found = [reassembly.add("peer", datagram, 0.0) for datagram in split(envelope(), MESSAGE)]
    assert found[-1][1] == MESSAGE


def test_a_datagram_without_an_envelope_is_refused():
    with pytest.raises(EnvelopeTooShort):
        Reassembly().add("peer", b"", 0.0)
    with pytest.raises(UnsupportedVersion):
        Reassembly().add("peer", b"\xff" * 64, 0.0)
