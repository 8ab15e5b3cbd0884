"""The same records twice: for the service in Python, and in a slot table over log bytes for native code."""

import asyncio
from types import SimpleNamespace

import pytest

from idnode.node.faces.handle.limits import UdpLimits
from idnode.node.faces.handle.udp import HandleUdp
from idnode.node.service.events import NullObserver
from idnode.node.service.handle.handle_protocol import HandleProtocol, HandleServices
from idnode.node.service.handle.response import Responses
from idnode.node.service.identifiers.authority import Authority
from idnode.node.service.identifiers.credentials import Credentials
from idnode.node.service.identifiers.permissions import Permissions
from idnode.node.service.identifiers.registrar import Registrar
from idnode.node.service.identifiers.resolver import Resolver
from idnode.node.service.offload import Offload
from idnode.registry.embedded.storage.record import PUT, RESTRICTED, encode
from idnode.registry.handle import values
from idnode.registry.handle.clock import Clock
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.message import encode_response
from idnode.registry.handle.wire.resolution import Query, encode_query
from idnode.registry.register import Capabilities, Page, Stored

NOW = 1_800_000_000
SITE_SERIAL = 7
LOG_SLOT = 1
SPAN_BITS = 27


def value(
    index, kind=b"URL", data=b"https://example.org/", permissions=0x0E, references=values.EMPTY
):
    return values.pack_value(
        index, kind, data, timestamp=5, permissions=permissions, references=references
    )


REFERENCE = (1).to_bytes(4, "big") + (3).to_bytes(4, "big") + b"a/b" + (9).to_bytes(4, "big")
RECORDS = {
    b"88.900.1/Hello": [
        value(1),
        value(2, b"url.cn", b"x"),
        value(3, b"DESC", references=REFERENCE),
    ],
    b"88.900.1/": [value(1)],
    b"88.900.1/two": [value(index, b"FIELD%d" % index, b"y" * 90) for index in range(1, 7)],
    b"88.900.1/large": [value(index, b"DATA", b"z" * 4000) for index in range(1, 21)],
    b"88.900.1/secret": [value(1), value(2, b"HS_SECKEY", b"s", permissions=0x0C)],
    b"88.900.1/bare": [],
    "88.900.1/苏州".encode(): [value(1, b"HS_ALIAS", b"88.900.1/Hello")],
    b"0.NA/88.900.1": [value(100, b"HS_ADMIN", b"no admin value, and nobody asks")],
    b"0.NA/88.900": [value(100, b"HS_ADMIN", b"")],
    b"0.NA/0.NA": [value(100, b"HS_ADMIN", b""), value(1, b"HS_SITE.PREFIX", b"elsewhere")],
}


class StillClock(Clock):
    def now(self):
        return float(NOW)

    def elapsed(self):
        return 0.0


class Records:
    """What the service asks of a register."""

    def __init__(self):
        self.stored = {}
        self.capabilities = Capabilities()

    def lookup(self, handle):
        return self.stored.get(handle.upper())

    async def page(self, prefix, *, after=b"", limit=1000):
        found = [each.handle for key, each in self.stored.items() if key.startswith(prefix + b"/")]
        return Page(found, None)

    def watch(self, callback):
        del callback


class Outlet(asyncio.DatagramTransport):
    """Keeps what is sent."""

    def __init__(self):
        super().__init__()
        self.sent = []

    def sendto(self, data, addr=None):
        self.sent.append(bytes(data))


async def python_service(records):
    responses = Responses(SITE_SERIAL)
    authority = await Authority.open(records)
    permissions = Permissions(records)
    clock = StillClock()
    protocol = HandleProtocol(
        HandleServices(
            records,
            authority,
            permissions,
            Credentials(records),
            Registrar(records, authority, permissions, clock),
            Resolver(records, authority),
            responses,
            clock,
            Offload(),
            dict,
        )
    )
    return protocol.receiver


def python_answers(receiver, datagram, *, mark_truncated=True):
    """Return the datagrams with which the Python face answers one."""
    bounds = UdpLimits(answer_bytes_max=1 << 20)
    face = HandleUdp(receiver, NullObserver(), StillClock(), bounds, mark_truncated=mark_truncated)
    outlet = Outlet()
    face._transport = outlet
    face.datagram_received(datagram, ("192.0.2.1", 4000))
    return outlet.sent


def request(
    handle,
    *,
    indexes=(),
    types=(),
    flags=0x01000000,
    request_id=7,
    version=(2, 11),
    suggested=(2, 11),
):
    """Return a resolution as one datagram."""
    message = encode_response(1, 0, flags, 0xFFFF, 0, encode_query(Query(handle, indexes, types)))
    return Envelope(*version, 0, *suggested, 0, request_id, 0, len(message)).encode() + message


@pytest.fixture(scope="session")
def core():
    return pytest.importorskip(
        "idnode.registry.embedded.native.core", reason="the compiled core is not built"
    )


@pytest.fixture(scope="session")
def native():
    return pytest.importorskip(
        "idnode.node.faces.handle.native.responder", reason="the compiled core is not built"
    )


@pytest.fixture(scope="session")
def house(core, native):
    """Records, the service over them, and the slot table over the same."""
    records, log, places = Records(), bytearray(64), {}
    for number, (handle, found) in enumerate(RECORDS.items()):
        packed = values.join(found)
        public = values.all_public(packed) if found else True
        records.stored[handle.upper()] = Stored(handle, packed, public)
        places[handle.upper()] = LOG_SLOT << SPAN_BITS | len(log) // 8
        log += encode(number + 1, PUT, 0 if public else RESTRICTED, handle, packed)
    segments = core.SegmentView()
    segments(LOG_SLOT, bytes(log))
    table = core.SlotTable(bytes(range(16)), segments)
    for key, place in places.items():
        table.put(key, place)
    return SimpleNamespace(
        receiver=asyncio.run(python_service(records)),
        table=table,
        log=log,
        places=places,
        segments=segments,
    )


@pytest.fixture
def answers(native, house):
    """Native answers below 88.900.1."""
    made = native.Answers(house.table, (1e-3, 1.0), datagram_answer_max=1 << 20)
    made.set_prefixes([b"88.900.1"])
    made.set_site_serial(SITE_SERIAL)
    return made


@pytest.fixture
def ask():
    return request


@pytest.fixture
def in_python(house):
    """Return a function that answers a datagram as the Python face does."""

    def answer(datagram, **options):
        return python_answers(house.receiver, datagram, **options)

    return answer
