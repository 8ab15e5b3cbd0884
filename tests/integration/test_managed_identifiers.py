"""Identifiers on the management port keep these promises.

- They are found by prefix and text, page by page, without one twice or left out; a search looks at so many and says so.
- A record is read decoded, with its bytes; a secret key's are in no answer.
- Writing takes a session that a secret proved, and the rights of its identity; operating the node gives none.
- A session ends when it is signed out or after half an hour, and there are so many at most.
- The node tells its addresses, and the secret only while it is the one that everybody knows.
"""

import aiohttp
import pytest
from yarl import URL as URL_OF

from idnode.node.addresses import told, url_of
from idnode.node.ops import identifiers
from idnode.node.ops.identifiers import SESSION_HEADER

URL = {"index": 1, "type": "URL", "data": "https://example.org/", "ttl": 60}
HANDLE = "88.900.1%2Fmade"
ENTERPRISE = {"identity": "301:0.NA/88.900.1", "secret": "idnode-demo"}


@pytest.fixture
async def call(node):
    async with aiohttp.ClientSession(url_of(node.addresses.admin)) as session:

        async def ask(method, path, body=None, session_name=""):
            headers = {"Content-Type": "application/json", SESSION_HEADER: session_name}
            async with session.request(
                method, URL_OF(f"/api/v1/{path}", encoded=True), json=body, headers=headers
            ) as answer:
                return answer.status, await answer.json()

        yield ask


@pytest.fixture
async def signed_in(call):
    return (await call("POST", "identity", ENTERPRISE))[1]["session"]


async def test_they_are_found_by_prefix_and_text(call, signed_in):
    names = [f"88.900.1/P-{number:03}" for number in range(25)]
    for name in names:
        body = {"values": [URL], "new": True}
        assert (await call("PUT", f"identifiers/{name.replace('/', '%2F')}", body, signed_in))[
            0
        ] == 200
    found, after = [], ""
    while after is not None:
        _, page = await call("GET", f"identifiers?prefix=88.900.1&text=p-0&limit=7&after={after}")
        found += page["items"]
        after = page["after"]
    assert sorted(found) == names
    _, page = await call("GET", "identifiers?prefix=88.900.1&limit=10")
    assert len(page["items"]) == 10


async def test_a_search_looks_at_so_many_and_says_so(call, signed_in, monkeypatch):
    for number in range(12):
        body = {"values": [URL], "new": True}
        await call("PUT", f"identifiers/88.900.1%2FQ-{number:02}", body, signed_in)
    monkeypatch.setattr(identifiers, "LOOKED_AT_MAX", 5)
    _, page = await call("GET", "identifiers?prefix=88.900.1&text=nothing-like-it")
    assert page["items"] == []
    assert page["looked_at"] >= 5


async def test_a_record_is_read_decoded_and_without_secrets(call):
    status, found = await call("GET", "identifiers/88.900.1%2Fhello")
    assert status == 200
    by_type = {value["type"]: value for value in found["values"]}
    assert by_type["HS_ADMIN"]["text"]
    assert bytes.fromhex(by_type["URL"]["hex"]).decode() == by_type["URL"]["data"]["value"]
    _, found = await call("GET", "identifiers/0.NA%2F88.900.1")
    (secret,) = [value for value in found["values"] if value["type"] == "HS_SECKEY"]
    assert (secret["hidden"], secret["hex"], secret["data"]) == (True, "", None)
    assert "idnode-demo" not in str(found)
    assert b"idnode-demo".hex() not in str(found)
    status, found = await call("GET", "identifiers/88.900.1%2Fnone")
    assert (status, found["message"]) == (404, "Handle not found")
    assert (await call("GET", "identifiers/no-slash"))[0] == 400


async def test_writing_takes_a_session_and_its_rights(call, signed_in):
    body = {"values": [URL], "new": True}
    assert (await call("PUT", f"identifiers/{HANDLE}", body))[0] == 401
    assert (await call("PUT", f"identifiers/{HANDLE}", body, "guess"))[0] == 401
    assert (await call("PUT", f"identifiers/{HANDLE}", body, signed_in))[0] == 200
    assert (await call("PUT", f"identifiers/{HANDLE}", body, signed_in))[0] == 409
    status, found = await call("PUT", "identifiers/88.900%2Fnot-mine", body, signed_in)
    assert (status, found["message"]) == (403, "Invalid administrator")
    assert (await call("DELETE", f"identifiers/{HANDLE}", {}, "guess"))[0] == 401


@pytest.mark.parametrize(
    "body",
    [{"values": "x"}, {"values": [{"index": 0, "type": "URL", "data": ""}]}, [], {"values": [{}]}],
)
async def test_what_is_no_record_is_refused(call, signed_in, body):
    assert (await call("PUT", f"identifiers/{HANDLE}", body, signed_in))[0] == 400


async def test_a_session_ends(call, node, signed_in):
    assert (await call("DELETE", "identity", {}, signed_in))[1] == {"ended": True}
    assert (await call("PUT", f"identifiers/{HANDLE}", {"values": []}, signed_in))[0] == 401
    for wrong in (ENTERPRISE | {"secret": "guess"}, ENTERPRISE | {"identity": "301:0.NA/88.900.9"}):
        assert (await call("POST", "identity", wrong))[0] == 403
    for broken in ({}, ENTERPRISE | {"identity": "x:y"}, {"identity": 1, "secret": 2}):
        assert (await call("POST", "identity", broken))[0] == 400


async def test_there_are_so_many_sessions_at_most(call, signed_in, monkeypatch):
    monkeypatch.setattr(identifiers, "SESSIONS_MAX", 2)
    _, second = await call("POST", "identity", ENTERPRISE)
    _, third = await call("POST", "identity", ENTERPRISE)
    assert (await call("DELETE", "identity", {}, signed_in))[1] == {"ended": False}
    for name in (second["session"], third["session"]):
        assert (await call("DELETE", "identity", {}, name))[1] == {"ended": True}


async def test_the_node_tells_its_addresses_and_the_demo_secret(call, node):
    _, found = await call("GET", "node")
    assert found["addresses"]["http"] == told(node.addresses)["http"]
    assert found["secret"] == "idnode-demo"
    node.demo_secret_works = False
    _, found = await call("GET", "node")
    assert found["secret"] is None


async def test_accounts_are_listed_without_what_proves_their_owners(call):
    _, found = await call("GET", "accounts")
    assert {row["username"] for row in found["items"]} == {"admin", "demo"}
    assert set(found["items"][0]) == {"id", "username", "role", "email", "mobile", "created"}
