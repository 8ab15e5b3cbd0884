"""The resolution faces give the same answer to the same question.

- What is created over the JSON API resolves to equal values over UDP, TCP, JSON, bulk and redirect: a few values,
  forty of them, Chinese ones, and one of 60 kB, which takes UDP more than a hundred datagrams.
- A value without public read is shown to strangers by none of them.
- What does not exist, and what lives elsewhere, gets the same response code from each.

All of it whether the register's records are here or elsewhere.
"""

import aiohttp
import pytest

from idnode.clients import aio, web
from idnode.clients.answer import Question, Transport
from idnode.clients.web_requests import Credential
from idnode.node.addresses import url_of
from idnode.registry.handle.model import HandleValue, Reference

REGISTER_ENGINES = ("embedded", "fake")

URL = HandleValue(1, "URL", b"https://example.org/gearbox/7")

RECORDS = {
    "one value": (URL,),
    "forty values": (URL, *(HandleValue(at, f"ATTRIBUTE.{at}", b"%d" % at) for at in range(2, 41))),
    "five Chinese values": (
        URL,
        *(
            HandleValue(at, kind, text.encode())
            for at, (kind, text) in enumerate(
                [
                    ("产品名称", "变速箱"),
                    ("规格型号", "φ1.4m 柱径"),
                    ("生产日期", "二〇二六年十一月"),
                    ("生产厂商", "示例齿轮有限公司"),
                    ("存放地点", "苏州市吴江区"),
                ],
                start=2,
            )
        ),
    ),
    "a value of 60 kB": (URL, HandleValue(2, "DRAWING", bytes(range(256)) * 235)),
    "references and a short life": (
        URL,
        HandleValue(2, "PART", b"\x00\xff", ttl=60, references=(Reference("88.900.1/hello", 1),)),
    ),
}


@pytest.fixture
async def json_api(node):
    credential = Credential(301, "0.NA/88.900.1", "idnode-demo")
    async with web.Client(url_of(node.addresses.http), credential) as client:
        yield client


@pytest.fixture
async def ask(node, json_api):
    """Ask each face for a handle; returns its answers by the name of the face."""

    async def asked(handle):
        found = {}
        async with aio.Client(node.addresses.handle_udp) as client:
            for transport in (Transport.UDP, Transport.TCP):
                found[transport.name] = await client.query(Question(handle), transport=transport)
        # Of an answer over 4,096 bytes UDP brings the beginning, and the client asks over TCP.
        assert found["UDP"].transport in {Transport.UDP, Transport.TCP}
        assert found["TCP"].transport is Transport.TCP
        async with web.Client(url_of(node.addresses.http)) as stranger:
            found["JSON"] = await stranger.query(Question(handle))
        (found["bulk"],) = await json_api.resolve_many([handle])
        return found

    return asked


async def redirect_of(node, handle):
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url_of(node.addresses.http)}/{handle}", allow_redirects=False) as response,
    ):
        return response.status, response.headers.get("Location")


@pytest.mark.parametrize("values", RECORDS.values(), ids=RECORDS.keys())
async def test_a_record_is_the_same_on_every_face(node, json_api, ask, values):
    handle = b"88.900.1/\xe9\xbd\xbf\xe8\xbd\xae-7"
    await json_api.create(handle, values)
    answers = await ask(handle)
    assert len({answer.values for answer in answers.values()}) == 1
    for face, answer in answers.items():
        assert answer.handle == handle, face
        assert [(v.index, v.type, v.data, v.ttl, v.references) for v in answer.values] == [
            (v.index, v.type, v.data, v.ttl, v.references) for v in values
        ], face
    assert await redirect_of(node, handle.decode()) == (302, URL.data.decode())


async def test_a_restricted_value_is_shown_to_strangers_by_no_face(node, json_api, ask):
    secret = HandleValue(2, "NOTE", b"for administrators", permissions=0x0C)
    await json_api.create("88.900.1/restricted", [URL, secret])
    for face, answer in (await ask(b"88.900.1/restricted")).items():
        assert [value.index for value in answer.values] == [1], face
    status, _location = await redirect_of(node, "88.900.1/restricted?index=2")
    assert status != 302


@pytest.mark.parametrize(("handle", "code"), [(b"88.900.1/none", 100), (b"88.1/none", 301)])
async def test_what_is_not_here_gets_the_same_code_from_each_face(ask, handle, code):
    assert {face: answer.response_code for face, answer in (await ask(handle)).items()} == {
        "UDP": code,
        "TCP": code,
        "JSON": code,
        "bulk": code,
    }
