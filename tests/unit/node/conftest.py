"""A node's service without its faces: register, prefixes, administrators, dispatch, and a clock moved by hand."""

import asyncio
from types import SimpleNamespace

import pytest
import uvloop

from idnode.node.first_start.prefixes import Addresses, prepare_prefixes
from idnode.node.service.events import NullObserver
from idnode.node.service.handle.connection import Connection
from idnode.node.service.handle.handle_protocol import HandleProtocol, HandleServices
from idnode.node.service.handle.response import Responses
from idnode.node.service.identifiers.authority import Authority
from idnode.node.service.identifiers.credentials import Credentials, Identity, node_administrators
from idnode.node.service.identifiers.permissions import Permissions
from idnode.node.service.identifiers.registrar import Registrar
from idnode.node.service.identifiers.resolver import Resolver
from idnode.node.service.offload import Offload
from idnode.registry.embedded.options import Durability, RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.handle import values
from idnode.registry.handle.clock import Clock
from idnode.registry.handle.types.hs_site import decode_site
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.framing import Framer
from idnode.registry.handle.wire.message import decode_message, encode_response
from idnode.registry.handle.wire.resolution import Query, encode_query
from idnode.registry.mutation import Create

BOTH_LOOPS = ("test_tcp", "test_udp")
"""Test files that run on the loop of the standard library and on the one that the node runs on."""

NOW = 1_800_000_000
SECRET = b"idnode-demo"


def pytest_asyncio_loop_factories(config, item):
    loops = {"asyncio": asyncio.new_event_loop}
    if item.path.stem in BOTH_LOOPS:
        loops["uvloop"] = uvloop.new_event_loop
    return loops


class StillClock(Clock):
    """Stands still until a test moves it."""

    def __init__(self):
        self.at = float(NOW)

    def now(self):
        return self.at

    def elapsed(self):
        return self.at


@pytest.fixture
def clock():
    return StillClock()


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """A folder of key pairs that all tests share, because making them takes time."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
async def register(tmp_path):
    opened = await EmbeddedRegister.open(
        tmp_path / "register", RegisterOptions(durability=Durability.NONE, segment_bytes=1 << 20)
    )
    yield opened
    await opened.close()


@pytest.fixture
async def service(register, clock, keys):
    """The service of a node with the prefixes 88.900 and 88.900.1."""
    site = await prepare_prefixes(
        register,
        clock,
        keys=keys,
        prefix=b"88.900",
        secret=SECRET,
        addresses=Addresses("127.0.0.1", 2641, 2642),
    )
    authority = await Authority.open(register, decode_site(site.site).servers[0])
    permissions = Permissions(register, node_administrators(b"88.900"))
    responses = Responses()
    credentials = Credentials(register)
    registrar = Registrar(register, authority, permissions, clock)
    resolver = Resolver(register, authority)
    offload = Offload()
    protocol = HandleProtocol(
        HandleServices(
            register,
            authority,
            permissions,
            credentials,
            registrar,
            resolver,
            responses,
            clock,
            offload,
            lambda: {"state": "ready"},
            site.site,
        )
    )
    yield SimpleNamespace(
        register=register,
        clock=clock,
        authority=authority,
        permissions=permissions,
        credentials=credentials,
        registrar=registrar,
        resolver=resolver,
        responses=responses,
        protocol=protocol,
        queries=protocol.queries,
        sessions=protocol.sessions,
        challenges=protocol.challenges,
        dispatch=protocol.dispatch,
        receiver=protocol.receiver,
        gate=protocol.gate,
        sealing=protocol.sealing,
        site=site,
        offload=offload,
        admin=Identity(b"0.NA/88.900", 301),
        enterprise=Identity(b"0.NA/88.900.1", 301),
        stranger=Identity(b"88.900.1/stranger", 301),
    )
    await protocol.dispatch.drain()
    offload.close()


def pack_values(*listed):
    """Return a packed list of values given as (index, type, data[, permissions])."""
    return values.join(
        [
            values.pack_value(index, kind, data, timestamp=7, permissions=rest[0] if rest else 0x0E)
            for index, kind, data, *rest in listed
        ]
    )


@pytest.fixture
def packed():
    """Return a function that packs values given as (index, type, data[, permissions])."""
    return pack_values


@pytest.fixture
def put(register):
    """Return a function that stores a record as it is, with nobody's leave."""

    async def put(handle, *listed):
        outcomes = await register.submit([Create(handle, pack_values(*listed), overwrite=True)])
        assert not isinstance(outcomes[0], Exception), outcomes

    return put


class Wire:
    """Requests as clients write them, and answers taken apart."""

    EXPIRES = 0x7FFFFFFF

    @staticmethod
    def message(op_code=1, body=b"", flags=0x19000000, response_code=0, recursion_count=0):
        return encode_response(
            op_code,
            response_code,
            flags,
            0xFFFF,
            Wire.EXPIRES,
            body,
            recursion_count=recursion_count,
        )

    @staticmethod
    def envelope(length, request_id=7, version=(2, 11), suggested=(2, 11), flags=0, sequence=0):
        return Envelope(*version, flags, *suggested, 0, request_id, sequence, length)

    @classmethod
    def request(cls, message, **fields):
        """Return envelope and message as bytes."""
        return cls.envelope(len(message), **fields).encode() + message

    @classmethod
    def query(cls, handle, indexes=(), types=(), flags=0x19000000, **fields):
        """Return a resolution as bytes."""
        body = encode_query(Query(handle, tuple(indexes), tuple(types)))
        return cls.request(cls.message(1, body, flags), **fields)

    @staticmethod
    def answers(data):
        """Return (envelope, message) of each answer in a stream."""
        framer = Framer()
        found = [(envelope, decode_message(each)) for envelope, each in framer.feed(data)]
        framer.finish()
        return found

    @classmethod
    def codes(cls, data):
        """Return (request id, response code) of each answer in a stream."""
        return [
            (envelope.request_id, message.response_code) for envelope, message in cls.answers(data)
        ]


@pytest.fixture
def wire():
    return Wire


class Talk:
    """Messages brought to the service's receiver over one connection, and the answers to them."""

    def __init__(self, receiver, *, peer=("192.0.2.1", 9), stream=True):
        self.receiver = receiver
        self.connection = Connection(peer, stream=stream, now=NOW)

    async def bring(self, envelope, data):
        """Return (envelope, message bytes) of each answer to a message."""
        answers = asyncio.Queue()
        self.receiver.receive(envelope, data, self.connection, answers.put_nowait)
        found = []
        while not found or found[-1].continued:
            found.append(await asyncio.wait_for(answers.get(), 30))
        return [each for reply in found for each in Framer(max_bytes=1 << 30).feed(reply.wire)]

    async def ask_all(self, op_code, body=b"", flags=0x19000000, *, session_id=0, **fields):
        """Return (envelope, message) of each answer to a request."""
        data = Wire.message(op_code, body, flags)
        envelope = Wire.envelope(len(data), **fields)
        envelope.session_id = session_id
        return [(each, decode_message(data)) for each, data in await self.bring(envelope, data)]

    async def ask(self, op_code, body=b"", flags=0x19000000, **fields):
        """Return (envelope, message) of the one answer to a request."""
        (answer,) = await self.ask_all(op_code, body, flags, **fields)
        return answer


@pytest.fixture
def talk(service):
    """A connection to the service."""
    return Talk(service.receiver)


@pytest.fixture
def another_talk(service):
    """Return a function that makes further connections."""
    return lambda **fields: Talk(service.receiver, **fields)


class ToldObserver(NullObserver):
    """Keeps what it was told."""

    def __init__(self):
        self.told = []

    def answered(self, operation, response_code, prefix, seconds, /):
        self.told.append(("answered", operation, response_code, prefix))
        assert seconds >= 0

    def registered(self, response_code, prefix, count, /):
        self.told.append(("registered", response_code, prefix, count))

    def resolved(self, response_code, prefix, count, /):
        self.told.append(("resolved", response_code, prefix, count))

    def malformed(self, reason, /):
        self.told.append(("malformed", reason))

    def opened(self):
        self.told.append(("opened",))

    def closed(self):
        self.told.append(("closed",))


@pytest.fixture
def observer():
    return ToldObserver()
