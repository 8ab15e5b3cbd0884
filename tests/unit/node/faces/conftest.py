"""The HTTP application over a real register in a temporary folder, with a clock that stands still."""

import base64
import json
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.test_utils import BaseTestServer, TestClient

from idnode.node.faces.handle_json.values_input import pack_values
from idnode.node.faces.http.app import HttpFaceRunner, build_app
from idnode.node.faces.http.authorization import HttpAuthorization
from idnode.node.faces.http.services import Services
from idnode.node.faces.http.sessions import WebSessions
from idnode.node.service.events import NullObserver
from idnode.node.service.handle.handle_protocol import HandleProtocol, HandleServices
from idnode.node.service.handle.response import Responses
from idnode.node.service.identifiers.authority import Authority
from idnode.node.service.identifiers.credentials import Credentials, Identity
from idnode.node.service.identifiers.permissions import Permissions
from idnode.node.service.identifiers.registrar import Registrar
from idnode.node.service.identifiers.resolver import Resolver
from idnode.node.service.offload import Offload
from idnode.registry.embedded.core import default_core
from idnode.registry.embedded.options import SEGMENT_BYTES_MIN, Durability, RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.handle import values
from idnode.registry.handle.clock import Clock
from idnode.registry.mutation import Create

NOW = 1_700_000_000
"""2023-11-14T22:13:20Z, the timestamp of the records in the vectors."""

PREFIX = "88.900"
SECRET = "idnode-demo"


class FrozenClock(Clock):
    """Moves when told, and for the lifetime of sessions only."""

    seconds = 0.0

    def now(self):
        return float(NOW)

    def elapsed(self):
        return self.seconds


class RecordingObserver(NullObserver):
    """Keeps what it was told."""

    def __init__(self):
        self.answers = []
        self.registrations = []
        self.resolutions = []

    def answered(self, operation, response_code, prefix, seconds, /):
        self.answers.append((operation, response_code, prefix))

    def registered(self, response_code, prefix, count, /):
        self.registrations.append((response_code, prefix, count))

    def resolved(self, response_code, prefix, count, /):
        self.resolutions.append((response_code, prefix, count))


class FaceServer(BaseTestServer):
    """Serves an application by the runner that the node uses."""

    def __init__(self, app, **options):
        super().__init__(**options)
        self.app = app

    async def _make_runner(self, **options):
        options.pop("debug", None)
        return HttpFaceRunner(self.app, access_log=None, **options)


class House:
    """A register, the services over it, and applications made of them."""

    def __init__(self, register, authority, site):
        self.register = register
        self.observer = RecordingObserver()
        admins = [
            Identity(b"0.NA/88.900", 301),
            Identity(b"0.NA/88.1000.2", 300),
            Identity(b"88.118.8/ADMIN", 301),
        ]
        permissions = Permissions(register, admins)
        self.clock = FrozenClock()
        resolver = Resolver(register, authority)
        registrar = Registrar(register, authority, permissions, self.clock)
        credentials, offload = Credentials(register), Offload()
        grounds = (register, authority, permissions, credentials, registrar, resolver, Responses())
        protocol = HandleProtocol(HandleServices(*grounds, self.clock, offload, dict))
        self.credentials = credentials
        self.parts = {
            "resolver": resolver,
            "registrar": registrar,
            "permissions": permissions,
            "authority": authority,
            "protocol": protocol,
            "clock": self.clock,
            "observer": self.observer,
            "site": site,
            "count": register.count,
        }

    async def seed(self, handle, found):
        """Store a record given as JSON values, dated `NOW`."""
        packed = values.stamped(pack_values(found)[0], NOW)
        (outcome,) = await self.register.submit([Create(handle.encode(), packed, overwrite=True)])
        assert not isinstance(outcome, Exception), outcome

    @asynccontextmanager
    async def serve(self, *, plain_http, sessions=None):
        """Serve an application on a free port and yield a client of it."""
        authorization = HttpAuthorization(
            self.credentials,
            self.parts["protocol"].proofs,
            WebSessions(self.clock) if sessions is None else sessions,
            plain_http=plain_http,
        )
        services = Services(**self.parts, authorization=authorization)
        app = build_app(services, lambda _face: self.observer)
        async with TestClient(FaceServer(app)) as client:
            yield client


def admin_value(index, handle, reference):
    value = {"handle": handle, "index": reference, "permissions": "111111111111"}
    return {"index": index, "type": "HS_ADMIN", "data": {"format": "admin", "value": value}}


@pytest.fixture
def vectors():
    """Every exchange of handle-http.jsonl, in order."""
    path = Path(__file__).parents[3] / "vectors" / "handle-http.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
async def build_house(tmp_path, vectors):
    """Return a function that makes services over a register, of this core, that holds the demo prefix 88.900."""
    from idnode.registry.handle.types.table import TYPES

    site = next(each for each in vectors if each["name"] == "site")["response"]["json"]["site"]
    registers = []

    async def build(core):
        options = RegisterOptions(
            durability=Durability.NONE,
            core=core,
            segment_bytes=SEGMENT_BYTES_MIN,
            compact_dead_share=2.0,  # records stay where tests look for them
        )
        folder = tmp_path / f"register-{len(registers)}"
        registers.append(await EmbeddedRegister.open(folder, options))
        site_data = TYPES.data_bytes({"format": "site", "value": site})
        built = House(registers[-1], await Authority.open(registers[-1]), site_data)
        secret = {"index": 301, "type": "HS_SECKEY", "data": SECRET, "permissions": "1100"}
        await built.seed(f"0.NA/{PREFIX}", [admin_value(100, f"0.NA/{PREFIX}", 301), secret])
        return built

    yield build
    for register in registers:
        await register.close()


@pytest.fixture
async def house(build_house):
    """Services over a register that holds the demo prefix 88.900."""
    return await build_house(default_core())


@pytest.fixture
async def client(house):
    """A client that may send credentials over plain HTTP."""
    async with house.serve(plain_http=True) as found:
        yield found


@pytest.fixture
async def strict_client(house):
    """A client whose credentials do not count, because the connection is not encrypted."""
    async with house.serve(plain_http=False) as found:
        yield found


@pytest.fixture
def admin():
    """Headers that prove the administrator of 88.900."""
    return basic(f"301%3A0.NA/{PREFIX}", SECRET)


@pytest.fixture
def basic_header():
    """Return a function that makes Basic credentials."""
    return basic


def basic(user, secret):
    token = base64.b64encode(f"{user}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {token}"}
