"""Streams and datagrams for all inputs.

* Any cut of a stream gives the same messages; an impossible envelope is refused wherever the cut
  is, after the good messages before it.
* Datagrams join in any order, with repetitions and other senders' datagrams among them.
* Reassembly stays within its bounds whatever arrives.
"""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from idnode.registry.handle.wire.datagrams import Reassembly, split
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.errors import MalformedEnvelope, ProtocolError
from idnode.registry.handle.wire.framing import Framer

u1, u4 = st.integers(0, 0xFF), st.integers(0, 0xFFFFFFFF)
envelopes = st.builds(
    Envelope,
    major=st.integers(0, 5),
    minor=u1,
    flags=st.sampled_from([0, 0x20, 0x40, 0x80, 0xE0]),
    suggested_major=st.integers(0, 31),
    suggested_minor=u1,
    session_id=u4,
    request_id=u4,
    sequence=u4,
    message_length=u4,
)


@st.composite
def cut(draw, data):
    """Draw the pieces of some bytes."""
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    ends = [*places, len(data)]
    return [data[start:end] for start, end in zip([0, *places], ends, strict=True)]


@st.composite
def streams(draw):
    """Draw a stream of messages with line ends here and there, the messages, and its pieces."""
    sent = draw(st.lists(st.tuples(envelopes, st.binary(max_size=300)), max_size=5))
    stream = b""
    for envelope, payload in sent:
        envelope.message_length = len(payload)
        stream += draw(st.sampled_from([b"", b"\n", b"\r"])) + envelope.encode() + payload
    return sent, stream, draw(cut(stream))


@given(streams())
def test_any_cut_of_a_stream_gives_the_same_messages(drawn):
    sent, stream, pieces = drawn
    assert Framer().feed(stream) == sent
    framer = Framer()
    assert [found for piece in pieces for found in framer.feed(piece)] == sent
    framer.finish()


@given(streams(), st.data())
def test_an_impossible_envelope_is_refused_wherever_the_cut_is(drawn, data):
    sent, stream, _ = drawn
    stream += data.draw(st.sampled_from([b"\xff" * 20, bytes([2] * 16) + b"\xff" * 4])) + b"tail"
    found = []
    framer = Framer()
    failure = None
    for piece in data.draw(cut(stream)):
        try:
            found += framer.feed(piece)
        except MalformedEnvelope as error:
            failure = error
            break
    assert found == sent
    assert (failure or framer.failure) is not None


@given(st.binary(max_size=3000), envelopes, st.booleans(), st.data())
def test_datagrams_join_in_any_order_with_repetitions(payload, envelope, marked, data):
    datagrams = split(envelope, payload, mark_truncated=marked)
    assert all(len(datagram) <= 512 for datagram in datagrams)
    order = data.draw(st.permutations(datagrams))
    noise = split(envelope, b"n" * 1000)[:2]
    reassembly = Reassembly()
    for number, datagram in enumerate(order):
        assert reassembly.add("other", noise[0], 0.0) is None
        for _ in range(data.draw(st.integers(0, 2)) if number + 1 < len(order) else 0):
            assert reassembly.add("peer", datagram, 0.0) is None
        found = reassembly.add("peer", datagram, 0.0)
        assert (found is not None) is (number + 1 == len(order))
    assert found is not None
    assert found[1] == payload
    assert found[0].request_id == envelope.request_id


@given(
    st.lists(
        st.tuples(st.integers(0, 3), envelopes, st.binary(max_size=64), st.integers(0, 9)),
        max_size=40,
    )
)
def test_reassembly_stays_within_its_bounds(arrivals):
    reassembly = Reassembly(messages_max=3, bytes_max=1000)
    now = 0.0
    for source, envelope, payload, seconds in arrivals:
        now += seconds
        envelope.message_length %= 300
        envelope.sequence %= 4
        with contextlib.suppress(ProtocolError):
            reassembly.add(source, envelope.encode() + payload, now)
        assert len(reassembly) <= 3
        assert 0 <= reassembly.held_bytes <= 1000
    reassembly.expire(now + 5)
    assert (len(reassembly), reassembly.held_bytes) == (0, 0)
