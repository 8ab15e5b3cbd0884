"""A caller of the SNMS face that knows nothing but HTTP, and what it sends."""

import hashlib
import io
import json
import shutil

import aiohttp
import pytest

from idnode.node.addresses import url_of
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.registry.handle.clock import MovableClock

PASSWORD = "idnode-demo"
JPEG = b"\xff\xd8\xff\xe0" + bytes(32)
PDF = b"%PDF-1.7\n" + bytes(32)

TEMPLATE = {
    "prefix": "88.900.1",
    "version": "pump",
    "industryCategory": "C",
    "industrySpecific": "34",
    "industryTrade": "344",
    "industrySubclass": "3441",
    "type": 2,
    "description": "pump nameplate",
    "items": [
        {
            "name": "型号",
            "idType": "model",
            "idIndex": 2000,
            "required": True,
            "metadata": {"type": "string", "minLength": 1, "maxLength": 64},
        },
        {
            "name": "批次",
            "idType": "batch",
            "idIndex": 2001,
            "metadata": {"type": "string", "minLength": 0, "maxLength": 8},
        },
    ],
}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def value(index=2000, kind="model", text="IS80-65"):
    data = {"format": "string", "value": text}
    return {"auth": "", "index": index, "type": kind, "data": data}


def identifier(handle, *values, version="pump"):
    return {
        "handle": handle,
        "templateVersion": version,
        "value": list(values) if values else [value()],
    }


class Caller:
    """Sends requests and returns the envelope, which has to be one."""

    def __init__(self, session):
        self.session = session
        self.token = None

    async def raw(self, method, path, *, body=None, data=None, headers=None, **query):
        """Return HTTP status and body."""
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
            assert answer.content_type == "application/json"
            return answer.status, await answer.json()

    async def __call__(self, method, path, body=None, **query):
        """Return the envelope of a call that HTTP let through."""
        status, found = await self.raw(method, path, body=body, **query)
        assert status == 200
        assert set(found) == {"message", "status", "data"}
        return found

    async def good(self, method, path, body=None, **query):
        """Return the data of a call that has to succeed."""
        found = await self(method, path, body, **query)
        assert (found["status"], found["message"]) == (1, "success"), found
        return found["data"]

    async def bad(self, method, path, body=None, **query):
        """Return status and message of a call that has to fail, without what explains it further."""
        status, message = await self.told(method, path, body, **query)
        return status, message.partition("（")[0]

    async def told(self, method, path, body=None, **query):
        """Return status and whole message of a call that has to fail."""
        found = await self(method, path, body, **query)
        assert found["data"] is None
        return found["status"], found["message"]

    async def login(self, username, password=PASSWORD):
        body = {"username": username, "password": password}
        self.token = (await self.good("POST", "/identity/token", body))["token"]
        return self

    async def upload(self, content=JPEG, name="licence.jpg"):
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(content), filename=name)
        status, found = await self.raw("POST", "/snms/api/file/upload", data=form)
        assert status == 200
        return found


class SteppingClock(MovableClock):
    """The node's clock, so many seconds ahead of the machine's."""

    @property
    def ahead(self):
        return self.state().offset

    @ahead.setter
    def ahead(self, seconds):
        self.advance(seconds - self.ahead)


@pytest.fixture
def clock():
    return SteppingClock()


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """Return a folder of key pairs that every node of these tests shares: making them takes long."""
    return tmp_path_factory.mktemp("snms") / "keys"


@pytest.fixture
async def serve(tmp_path, clock, keys):
    """Return a function that starts a node with further settings, on the same data each time."""
    started = []
    own_keys = tmp_path / "data" / "keys"
    if keys.exists():
        shutil.copytree(keys, own_keys)

    async def start(**settings):
        settings = Settings(
            data_dir=tmp_path / "data", handle_port=0, http_port=0, admin_port=0, **settings
        )
        node = Node(settings, seed=1, clock=clock)
        await node.start()
        started.append(node)
        if not keys.exists():
            shutil.copytree(own_keys, keys)
        return node

    yield start
    for node in started:
        await node.stop()


@pytest.fixture
async def call_on():
    """Return a function that makes a caller of a node."""
    sessions = []

    def make(node):
        sessions.append(aiohttp.ClientSession(url_of(node.addresses.http)))
        return Caller(sessions[-1])

    yield make
    for session in sessions:
        await session.close()


@pytest.fixture
async def snms(serve):
    return await serve()


@pytest.fixture
async def anybody(snms, call_on):
    return call_on(snms)


@pytest.fixture
async def demo(snms, call_on):
    return await call_on(snms).login("demo")


@pytest.fixture
async def admin(snms, call_on):
    return await call_on(snms).login("admin")


@pytest.fixture
async def pump(demo):
    """Return the demo account's caller, with a template."""
    await demo.good("POST", "/snms/api/v5/template", TEMPLATE)
    return demo


@pytest.fixture
def template():
    return json.loads(json.dumps(TEMPLATE))


@pytest.fixture
def item():
    return value


@pytest.fixture
def record():
    return identifier


@pytest.fixture
def form():
    """Return a function that fills in an application."""

    def fill(prefix, files, *, name="齿轮厂", code="91320500TEST000001"):
        place = {"deployAddrProvince": "320000", "deployAddrCity": "320500", "deployAddr": "路 1"}
        deployments = [{"sysType": kind, "deployMode": 1, **place} for kind in (1, 2, 3, 4)]
        basic = {
            "orgName": name,
            "orgNature": "2",
            "orgAddrProvince": "320000",
            "orgAddrCity": "320500",
            "orgAddr": "路 1",
            "orgCrtType": "1",
            "orgCrtCode": code,
            "orgCrtImgRid": files[0],
            "industryCategory": "C",
            "industrySpecific": "34",
            "website": "https://gear.example.org",
            "contactName": "张三",
            "contactCrtType": 1,
            "contactCrtNo": "320500000000000000",
            "contactEmail": "zhang@example.org",
            "contactPhone": "13900000000",
            "legalName": "李四",
            "legalCrtType": "1",
            "legalCrtNo": "320500000000000001",
            "legalCrtFrontImgRid": files[1],
            "legalCrtBackImgRid": files[2],
            "entPrefix": prefix,
        }
        manage = {"entInfoSyses": deployments, "servSysBuildType": 1, "servSysOperType": 2}
        return {"entBasicInfo": basic, "entRegisterManageInfo": manage}

    return fill


@pytest.fixture
def digest():
    return sha256


@pytest.fixture
def pdf():
    return PDF


@pytest.fixture
def user(digest):
    """Return the account of an enterprise as an application has it."""
    return {
        "userName": "gear",
        "password": digest("pw"),
        "email": "gear@example.org",
        "mobile": "13900000001",
    }


@pytest.fixture
async def gear(admin, call_on, snms, form, user):
    """Return the caller of an enterprise that an administrator applied for, approved at once."""
    files = [(await admin.upload())["data"]["id"] for _ in range(3)]
    body = form("88.900.7", files) | {"sysUser": user}
    assert await admin.good("POST", "/snms/api/v3/ent/apply", body) is True
    return await call_on(snms).login("gear", "pw")
