"""A forged source is not flooded through the node.

Of an answer over the bound one datagram goes, marked TRUNCATED with the whole length in its envelope. Off loopback a
network of sources gets so many answers a second; then every other one is dropped, and the rest is no longer than the
request. Native code and the Python face keep the same bounds.
"""

import pytest

from idnode.node.faces.handle.answer_rate import AnswerRate
from idnode.node.faces.handle.limits import UdpLimits
from idnode.node.faces.handle.udp import HandleUdp
from idnode.registry.handle.wire.constants import EnvelopeFlag
from idnode.registry.handle.wire.envelope import decode_envelope

AWAY = ("192.0.2.1", 4000)
LOOPBACK = ("127.0.0.1", 4000)


class Sent:
    """A transport that keeps what is sent."""

    def __init__(self):
        self.datagrams = []

    def sendto(self, data, address):
        self.datagrams.append(data)

    def take(self):
        taken, self.datagrams = self.datagrams, []
        return taken


@pytest.fixture
def asked(wire):
    """Return a function that asks a face for a handle, and returns request and answers."""

    def asked(face, handle, address=AWAY):
        request = wire.query(handle)
        sent = Sent()
        face.connection_made(sent)
        face.datagram_received(request, address)
        return request, sent.take()

    return asked


@pytest.fixture
async def face(service, observer, put):
    await put(b"88.900.1/small", (1, b"URL", b"x"))
    await put(b"88.900.1/fits", (1, b"URL", bytes(3000)))
    await put(b"88.900.1/large", (1, b"URL", bytes(100_000)))
    return lambda **limits: HandleUdp(
        service.receiver, observer, service.clock, UdpLimits(**limits), mark_truncated=False
    )


async def test_27_of_a_long_answer_one_datagram_goes(face, asked):
    assert len(asked(face(), b"88.900.1/fits")[1]) == 7
    request, answers = asked(face(), b"88.900.1/large")
    envelope = decode_envelope(answers[0])
    assert len(answers) == 1
    assert len(answers[0]) <= 512 < 8 * len(request)
    assert envelope.flags & EnvelopeFlag.TRUNCATED
    assert envelope.message_length > 100_000


async def test_27_the_bound_is_a_setting(face, asked):
    assert len(asked(face(answer_bytes_max=200_000), b"88.900.1/large")[1]) == 204


async def test_27_a_network_gets_so_many_answers_a_second(face, asked, clock):
    limited = face(answers_per_second=10)
    answers = [asked(limited, b"88.900.1/fits", (f"192.0.2.{n}", n))[1] for n in range(40)]
    assert [len(each) for each in answers[:10]] == [7] * 10
    request, _ = asked(limited, b"88.900.1/fits", LOOPBACK)
    assert [len(each) for each in answers[10:]] == [0, 1] * 15
    for (only,) in answers[11::2]:
        assert len(only) <= len(request)
        assert decode_envelope(only).flags & EnvelopeFlag.TRUNCATED
    clock.at += 1
    assert len(asked(limited, b"88.900.1/fits")[1]) == 7


async def test_27_loopback_is_not_limited(face, asked):
    limited = face(answers_per_second=1)
    for address in (LOOPBACK, ("::1", 1, 0, 0), ("::ffff:127.0.0.1", 1, 0, 0)):
        for _ in range(5):
            assert asked(limited, b"88.900.1/small", address)[1]


def test_27_networks_are_counted_apart():
    rate = AnswerRate(1, lambda: 7.0)
    assert [rate.over(("192.0.2.1", n)) for n in range(3)] == [0, 1, 2]
    assert rate.over(("192.0.2.200", 1)) == 3
    assert rate.over(("::ffff:192.0.2.3", 1, 0, 0)) == 4
    assert rate.over(("2001:db8:0:ff00::1", 1, 0, 0)) == 0
    assert rate.over(("2001:db8:0:ffff::1%eth0", 1, 0, 0)) == 1
