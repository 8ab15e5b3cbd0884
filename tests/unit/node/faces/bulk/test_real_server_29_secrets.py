"""A secret that comes without permissions is stored so that not everybody may read it, whatever the encoding and core."""

import json

import msgpack
import pytest

from idnode.clients.bulk import is_plain
from idnode.clients.json_values import to_json
from idnode.node.commands.register import values_of
from idnode.registry.handle import values
from idnode.registry.handle.model import HandleValue

PRIVATE, PUBLIC = 0x0C, 0x0E
TYPES = {
    "HS_SECKEY": PRIVATE,
    "hs_SecKey": PRIVATE,
    "HS_SECKEY.x": PRIVATE,
    "HS_SECKEYS": PUBLIC,
    "HS_SECKE": PUBLIC,
    "XHS_SECKEY": PUBLIC,
}
ITEM = ["88.900/secrets", [[n, name, "s"] for n, name in enumerate(TYPES, 1)]]
BODIES = {
    "application/json": json.dumps([ITEM]).encode(),
    "application/x-ndjson": json.dumps(ITEM).encode() + b"\n",
    "application/msgpack": msgpack.packb([ITEM]),
}


@pytest.mark.parametrize("content_type", BODIES)
async def test_secrets_are_private_in_every_encoding(house, client, admin, content_type):
    headers = admin | {"Content-Type": content_type, "Accept": "application/json"}
    async with client.post(
        "/api/v1/identifiers/batch", data=BODIES[content_type], headers=headers
    ) as answer:
        assert answer.status == 200, await answer.text()
    stored = values.unpack(house.register.lookup(b"88.900/secrets").values)
    assert {value.type: value.permissions for value in stored} == TYPES


def test_clients_and_commands_say_what_they_mean():
    (value,) = values_of(["300:HS_SECKEY=s"])
    assert value.permissions == PRIVATE
    assert to_json(value)["permissions"] == "1100"
    assert to_json(HandleValue(300, "HS_SECKEY", b"s"))["permissions"] == "1110"
    assert "permissions" not in to_json(HandleValue(1, "URL", b"s"))
    assert is_plain(value)
    assert not is_plain(HandleValue(300, "HS_SECKEY", b"s"))
