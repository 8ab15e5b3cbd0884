"""Messages of the Handle protocol over HTTP: one POST, one request, all of its answers; anything else is refused."""

import pytest

from idnode.node.service.handle.connection import Connection
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.handle.wire.administration import decode_handle_list, encode_handle
from idnode.registry.handle.wire.constants import OpCode
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.framing import Framer
from idnode.registry.handle.wire.message import decode_message, encode_response
from idnode.registry.handle.wire.resolution import Query, decode_answer, encode_query

MEDIA = {"Content-Type": "application/x-hdl-message"}


def packet(op_code, body, flags=0x19000000):
    message = encode_response(op_code, 0, flags, 0xFFFF, 0x7FFFFFFF, body)
    return Envelope(2, 11, 0, 2, 11, 0, 7, 0, len(message)).encode() + message


async def ask(client, data):
    response = await client.post("/", data=data, headers=MEDIA)
    assert response.status == 200
    assert response.content_type == MEDIA["Content-Type"]
    framed = Framer(1 << 24).feed(await response.read())
    return [decode_message(message) for _, message in framed]


async def test_a_resolution_is_answered_as_over_tcp(house, client):
    await house.seed("88.900/cup", [{"index": 1, "type": "URL", "data": "x"}])
    (answer,) = await ask(client, packet(1, encode_query(Query(b"88.900/cup"))))
    assert answer.response_code == 1
    assert decode_answer(answer.body)[0] == b"88.900/cup"


async def test_administration_is_challenged_here_too(client):
    (answer,) = await ask(client, packet(OpCode.LIST_HANDLES, encode_handle(b"0.NA/88.900")))
    assert answer.response_code == 402


async def test_a_long_list_comes_in_one_body(house, client, monkeypatch):
    for number in range(1000):
        await house.seed(f"88.900/{number:04}", [{"index": 1, "type": "URL", "data": "x"}])
    # Nobody stays logged in on a tunnel, so the identity is put there.
    made = Connection.__init__

    def logged_in(self, *arguments, **fields):
        made(self, *arguments, **fields)
        self.identity = Identity(b"0.NA/88.900", 301)

    monkeypatch.setattr(Connection, "__init__", logged_in)
    answers = await ask(client, packet(OpCode.LIST_HANDLES, encode_handle(b"0.NA/88.900")))
    assert len(answers) == 20
    listed = [handle for answer in answers for handle in decode_handle_list(answer.body)]
    assert len(set(listed)) == 1000


@pytest.mark.parametrize(
    "data", [b"", b"GET /", packet(1, b"")[:-1], packet(1, b"") * 2, b"\xff" * 40]
)
async def test_what_is_not_one_message_is_the_clients_mistake(client, data):
    response = await client.post("/", data=data, headers=MEDIA)
    assert response.status == 400


async def test_a_body_over_the_limit_is_refused(client):
    response = await client.post("/", data=bytes(300_000), headers=MEDIA)
    assert response.status == 413


async def test_other_media_are_not_for_the_tunnel(client):
    response = await client.post("/", data=packet(1, b""))
    assert response.content_type != MEDIA["Content-Type"]
