"""An application that was written from the API's page alone: HTTP, RSA and JSON, and nothing of ours."""

import base64
import io
import json
import shutil

import aiohttp
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from idnode.clients import web
from idnode.clients.web_requests import Credential
from idnode.node.addresses import url_of
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.registry.handle.clock import MovableClock
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.types.hs_vlist import Member, encode_vlist

PREFIX = "88.900.1"
SCHEMA = {"dataType": 1, "minLength": 1, "maxLength": 64}


def item(english, chinese, **members):
    schema = members.pop("schema", SCHEMA)
    return {
        "itemCode": english,
        "englishName": english,
        "chineseName": chinese,
        "inputNecessary": 1,
        "required": 0,
        "uniqueField": 0,
        "itemSchemaCreateDTO": schema,
    } | members


def pump(code="pump01", **members):
    return {
        "classifyCode": "UN_CLASSIFIED",
        "metaName": "pump",
        "metaCode": code,
        "industryCategory": "C",
        "industrySpecific": "34",
        "industryTrade": "344",
        "industrySubclass": "3441",
        "metaItemCreateDTOS": [
            item("model", "型号", required=1),
            item("weight", "重量", schema={"dataType": "2", "accuracy": 1}),
        ],
    } | members


class Caller:
    """Asks as one application; returns envelopes."""

    def __init__(self, session, handle, key):
        self.session = session
        self.handle = handle
        self.key = key
        self.token = None

    async def raw(self, method, path, *, body=None, data=None, headers=None, **query):
        sent = dict(headers or {})
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        if isinstance(data, bytes):
            data = io.BytesIO(data)
        async with self.session.request(
            method, path, data=data, headers=sent, params=query
        ) as answer:
            return answer.status, answer.content_type, await answer.read()

    async def __call__(self, method, path, body=None, *, data=None, **query):
        status, kind, content = await self.raw(
            method, f"/api/v1{path}", body=body, data=data, **query
        )
        assert (status, kind) == (200, "application/json"), content
        return json.loads(content)

    async def good(self, method, path, body=None, **query):
        """Return the data of a call that has to succeed."""
        found = await self(method, path, body, **query)
        assert found["code"] == 1, found
        return found.get("data")

    async def bad(self, method, path, body=None, **query):
        """Return code and message of a call that has to fail."""
        found = await self(method, path, body, **query)
        assert "data" not in found
        return found["code"], found["message"]

    def sign(self, nonce):
        signed = self.key.sign(nonce.encode(), padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(signed).decode()

    async def login(self):
        nonce = await self.good("GET", "/doip/public/challenge", handle=self.handle)
        proof = {"handle": self.handle, "signature": self.sign(nonce)}
        found = await self.good("POST", "/doip/public/verify-response", proof)
        self.token = found["token"]
        return self

    async def template(self, new=None, *, publish=True):
        """Make a template and return its handle."""
        made = await self.good("POST", "/open/meta/create", new or pump())
        if publish:
            await self.publish(made["metaHandle"])
        return made["metaHandle"]

    async def publish(self, handle, operation="publish"):
        body = {"metaHandleList": [handle], "opType": operation}
        return await self.good("PUT", "/open/meta/publish-or-withdraw", body)

    def write(self, operation, handle, meta=None, content=None):
        body = None if meta is None else {"type": meta, "attributes": {"content": content}}
        return self("POST", "/doip", body, targetId=handle, operationId=operation)

    async def create(self, handle, meta, content):
        found = await self.write("0.DOIP/Op.Create", handle, meta, content)
        assert found["code"] == 1, found
        return found["data"]

    async def retrieve(self, handle):
        return await self("GET", "/doip", targetId=handle, operationId="0.DOIP/Op.Retrieve")

    async def values(self, handle):
        """Return what this application reads of an identifier."""
        found = await self.retrieve(handle)
        if found["code"] != 1:
            return found["code"]
        return {each["type"]: each["value"] for each in found["data"]["values"]}


@pytest.fixture(scope="session")
def node_keys(tmp_path_factory):
    """Return a folder of key pairs that every node of these tests shares: making them takes long."""
    return tmp_path_factory.mktemp("idhub") / "keys"


@pytest.fixture(scope="session")
def app_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def clock():
    return MovableClock()


@pytest.fixture
async def serve(tmp_path, node_keys, clock):
    """Return a function that starts a node with further settings, on the same data each time."""
    started = []
    own_keys = tmp_path / "data" / "keys"
    if node_keys.exists():
        shutil.copytree(node_keys, own_keys)

    async def start(**settings):
        settings = Settings(
            data_dir=tmp_path / "data", handle_port=0, http_port=0, admin_port=0, **settings
        )
        node = Node(settings, seed=1, clock=clock)
        await node.start()
        started.append(node)
        if not node_keys.exists():
            shutil.copytree(own_keys, node_keys)
        return node

    yield start
    for node in started:
        await node.stop()


@pytest.fixture
async def idhub(serve):
    return await serve()


@pytest.fixture
def public_pem(app_key):
    return app_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@pytest.fixture
async def identity(public_pem):
    """Return a function that registers an application identity of a node, over the JSON API."""

    async def made(node, handle, name=None):
        credential = Credential(301, "0.NA/88.900", "idnode-demo")
        values = [HandleValue(300, "HS_PUBKEY", public_pem)]
        if name:
            values.append(HandleValue(1, "NAME", name.encode()))
        async with web.Client(url_of(node.addresses.http), credential) as client:
            await client.create(handle, values)

    return made


@pytest.fixture
async def group():
    """Return a function that registers a group of a node, over the JSON API."""

    async def made(node, handle, *members):
        credential = Credential(301, "0.NA/88.900", "idnode-demo")
        listed = encode_vlist(Member(each.encode(), 300) for each in members)
        async with web.Client(url_of(node.addresses.http), credential) as client:
            await client.create(handle, [HandleValue(200, "HS_VLIST", listed)])

    return made


@pytest.fixture
async def call_on(app_key):
    """Return a function that makes a caller of a node, not logged in."""
    sessions = []

    def make(node, handle):
        sessions.append(aiohttp.ClientSession(url_of(node.addresses.http)))
        return Caller(sessions[-1], handle, app_key)

    yield make
    for session in sessions:
        await session.close()


@pytest.fixture
async def app(call_on, identity):
    """Return a function that registers an application, logs it in, and returns its caller."""

    async def made(node, handle=f"{PREFIX}/App_demo", name=None):
        await identity(node, handle, name)
        return await call_on(node, handle).login()

    return made


@pytest.fixture
async def demo(idhub, app):
    return await app(idhub)


@pytest.fixture
def new_template():
    return pump


@pytest.fixture
def new_item():
    return item
