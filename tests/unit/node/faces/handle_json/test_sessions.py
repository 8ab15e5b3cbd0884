"""Signing in over the JSON API keeps these promises.

- A session is opened, shown, signed in to and ended as in the original; requests that name it are its owner's.
- Secrets prove by HMAC-SHA256, HMAC-SHA1 and PBKDF2, `openssl`-made RSA and EC keys by their signature; the 401 of any
  request is enough to answer with a proof in the next one.
- A client's nonce proves once: a repeated proof is refused, and so is one for another session, another identity or key.
- Sessions end by the clock, and are bounded: whoever proved nothing gives way to others like it only.
- Whatever stands in the header is an answer, never an unplanned error.
"""

import asyncio
import base64
import hashlib
import hmac
import re
import subprocess
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idnode.node.faces.http.proof_fields import FieldsRefused, header_fields, proof_in
from idnode.node.faces.http.sessions import SESSION_SECONDS, WebSessionLimits, WebSessions
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.handle.clock import Clock
from idnode.registry.handle.values import join, pack_value
from idnode.registry.mutation import Create

USER = "301:0.NA/88.900"
SECRET = b"idnode-demo"
CNONCE = b"c" * 16
RECORD = [{"index": 1, "type": "URL", "data": "https://example.org/"}]


def b64(data):
    return base64.b64encode(data).decode()


def header(**fields):
    shown = ", ".join(f'{name}="{text}"' for name, text in fields.items())
    return {"Authorization": f'Handle version="0", {shown}'}


def hmac_fields(nonce, *, secret=SECRET, digest="sha256", user=USER):
    mac = hmac.digest(secret, base64.b64decode(nonce) + CNONCE, digest)
    return {
        "cnonce": b64(CNONCE),
        "id": user,
        "type": "HS_SECKEY",
        "alg": f"HMAC-{digest.upper()}",
        "signature": b64(mac),
    }


def pbkdf2_fields(nonce):
    key = hashlib.pbkdf2_hmac("sha1", SECRET, b"salt" * 4, 1000, 20)
    mac = hmac.digest(key, base64.b64decode(nonce) + CNONCE, "sha1")
    return {
        **hmac_fields(nonce),
        "alg": "PBKDF2WithHmacSHA1",
        "salt": b64(b"salt" * 4),
        "iterations": "1000",
        "length": "160",
        "signature": b64(mac),
    }


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


async def opened(client):
    async with client.post("/api/sessions") as response:
        assert response.status == 201
        assert response.headers["Location"] == "/api/sessions/this"
        return await response.json()


async def told(client, method, path, headers, **more):
    """Return status and JSON, or bytes, of an answer."""
    async with client.request(method, path, headers=headers, **more) as response:
        body = await response.read()
        return response.status, (await response.json()) if body else body


async def signed_in(client, make_fields=hmac_fields):
    state = await opened(client)
    fields = make_fields(state["nonce"])
    headers = header(sessionId=state["sessionId"], **fields)
    return (state, headers, *await told(client, "PUT", "/api/sessions/this", headers))


async def test_a_session_lives_from_its_opening_to_its_end(client):
    state, _, status, answer = await signed_in(client)
    assert status == 200
    assert list(answer) == ["sessionId", "nonce", "authenticated", "id"]
    assert answer == {**state, "authenticated": True, "id": USER}
    mine = header(sessionId=state["sessionId"])
    path = "/api/handles/88.900/by-session"
    assert await told(client, "PUT", path, mine, json=RECORD) == (
        201,
        {"responseCode": 1, "handle": "88.900/by-session"},
    )
    status, shown = await told(client, "GET", "/api/sessions/this", mine)
    assert (status, shown["authenticated"], shown["id"]) == (200, True, USER)
    assert await told(client, "DELETE", "/api/sessions/this", mine) == (204, b"")
    assert await told(client, "GET", "/api/sessions/this", mine) == (403, b"")
    assert await told(client, "DELETE", "/api/sessions/this", mine) == (403, b"")
    assert await told(client, "DELETE", path, mine) == (401, b"")


async def test_without_a_session_nobody_is_signed_in(client, admin):
    this = "/api/sessions/this"
    assert await told(client, "GET", this, {}) == (200, {"authenticated": False})
    assert await told(client, "GET", this, admin) == (200, {"authenticated": True, "id": USER})
    assert await told(client, "PUT", this, {}) == (403, b"")
    assert await told(client, "GET", "/api/sessions/that", {}) == (403, b"")
    async with client.get("/api/sessions") as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST, OPTIONS")


async def test_credentials_may_come_along_with_the_opening(client, admin, basic_header):
    status, state = await told(client, "POST", "/api/sessions", admin)
    assert (status, state["id"]) == (201, USER)
    mine = header(sessionId=state["sessionId"])
    assert (await told(client, "GET", "/api/sessions/this", mine))[1]["authenticated"] is True
    wrong = basic_header("301%3A0.NA/88.900", "wrong")
    assert await told(client, "POST", "/api/sessions", wrong) == (401, b"")
    assert (await told(client, "POST", "/api/sessions", mine))[0] == 400


async def test_where_credentials_do_not_count_there_are_no_sessions(strict_client, admin):
    for method, path in (
        ("POST", "/api/sessions"),
        *((method, "/api/sessions/this") for method in ("GET", "PUT", "POST", "DELETE")),
    ):
        assert await told(strict_client, method, path, admin) == (403, b"")


@pytest.mark.parametrize(
    "make_fields",
    [hmac_fields, lambda nonce: hmac_fields(nonce, digest="sha1"), pbkdf2_fields],
    ids=["hmac-sha256", "hmac-sha1", "pbkdf2"],
)
async def test_a_secret_proves_in_each_way(client, make_fields):
    assert (await signed_in(client, make_fields))[2] == 200


@pytest.mark.parametrize(
    "making",
    [
        ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp384r1"],
    ],
    ids=["rsa", "p-256", "p-384"],
)
@pytest.mark.parametrize("algorithm", ["SHA256", "SHA1"])
async def test_a_key_made_by_openssl_proves(house, client, tmp_path, making, algorithm):
    private, data = tmp_path / "private.pem", tmp_path / "data"
    openssl(*making, "-out", private)
    public = openssl("pkey", "-in", private, "-pubout")
    value = join([pack_value(300, b"HS_PUBKEY", public, timestamp=0)])
    await house.register.submit([Create(b"88.900/owner", value)])

    def signature_fields(nonce):
        data.write_bytes(base64.b64decode(nonce) + CNONCE)
        made = openssl("dgst", f"-{algorithm.lower()}", "-sign", private, data)
        return {
            "cnonce": b64(CNONCE),
            "id": "300%3A88.900/owner",
            "type": "HS_PUBKEY",
            "alg": algorithm,
            "signature": b64(made),
        }

    _, _, status, answer = await signed_in(client, signature_fields)
    assert (status, answer["id"]) == (200, "300:88.900/owner")


async def test_the_invitation_of_any_request_can_be_answered_in_the_next(client):
    path = "/api/handles/88.900/at-once"
    async with client.put(path, json=RECORD) as response:
        assert response.status == 401
        basic, handle = response.headers.getall("WWW-Authenticate")
    assert basic == 'Basic realm="handle"'
    session_id, nonce = re.fullmatch(
        r'Handle sessionId="([^"]+)", nonce="([^"]+)"', handle
    ).groups()
    proof = header(sessionId=session_id, **hmac_fields(nonce))
    assert (await told(client, "PUT", path, proof, json=RECORD))[0] == 201
    assert (await told(client, "DELETE", path, header(sessionId=session_id)))[0] == 200


async def test_a_proof_proves_once(client):
    state, headers, _, _ = await signed_in(client)
    async with client.put("/api/sessions/this", headers=headers) as response:
        answer = await response.json()
        invitation = response.headers.getall("WWW-Authenticate")
    assert (response.status, answer["error"]) == (401, "Identity not verified")
    session_and_nonce = f'sessionId="{answer["sessionId"]}", nonce="{answer["nonce"]}"'
    assert invitation == [f'Handle {session_and_nonce}, error="Identity not verified"']
    assert answer["nonce"] == state["nonce"]


async def test_a_proof_for_something_else_is_refused(client):
    other = await opened(client)
    state = await opened(client)
    right = hmac_fields(state["nonce"])
    for wrong in (
        hmac_fields(other["nonce"]),
        hmac_fields(state["nonce"], secret=b"wrong"),
        hmac_fields(state["nonce"], user="301:0.NA/88.901"),
        hmac_fields(state["nonce"], user="300:0.NA/88.900"),
        hmac_fields(state["nonce"], user="-1:0.NA/88.900"),
        right | {"cnonce": b64(b"d" * 16)},
        right | {"alg": "HMAC-SHA1"},
        right | {"alg": "SHA256"},
        right | {"alg": "MD5", "type": "HS_PUBKEY"},
        right | {"alg": "none"},
        right | {"type": "HS_PUBKEY"},
        right | {"signature": "?"},
        right | {"signature": "A" * 7000},
        right | {"clientCert": "true"},
        {name: text for name, text in right.items() if name != "signature"},
        pbkdf2_fields(state["nonce"]) | {"iterations": "999999999"},
        pbkdf2_fields(state["nonce"]) | {"iterations": "0"},
        pbkdf2_fields(state["nonce"]) | {"length": "99999999999"},
        pbkdf2_fields(state["nonce"]) | {"salt": "="},
    ):
        headers = header(sessionId=state["sessionId"], **wrong)
        status, answer = await told(client, "PUT", "/api/sessions/this", headers)
        assert (status, answer.get("error")) == (401, "Identity not verified"), wrong
        assert await told(client, "GET", "/api/handles/88.900/x", headers) == (401, b"")
    headers = header(sessionId=state["sessionId"], **right)
    assert (await told(client, "PUT", "/api/sessions/this", headers))[0] == 200


async def test_a_session_that_nobody_uses_is_over(house, client):
    state, _, _, _ = await signed_in(client)
    mine = header(sessionId=state["sessionId"])
    house.clock.seconds += SESSION_SECONDS
    assert (await told(client, "GET", "/api/sessions/this", mine))[0] == 200
    house.clock.seconds += SESSION_SECONDS + 1
    assert await told(client, "GET", "/api/sessions/this", mine) == (403, b"")


async def test_a_flood_of_headers_is_refused(client):
    for count, size in ((10, 9000), (200, 10)):
        headers = [(f"X-{number}", "x" * size) for number in range(count)]
        async with client.get("/api/sessions/this", headers=headers) as response:
            assert response.status in {400, 431}
    assert (await opened(client))["sessionId"]


class StillClock(Clock):
    def __init__(self):
        self.seconds = 0.0

    def elapsed(self):
        return self.seconds


def test_sessions_are_bounded_and_strangers_push_out_strangers_only():
    sessions = WebSessions(StillClock(), WebSessionLimits(unproven=10, proven=5))
    owner = sessions.open(Identity(b"88.900/owner", 300))
    strangers = [sessions.open() for _ in range(100)]
    assert len(sessions) == 11
    assert sessions.find(owner.session_id) is owner
    assert sessions.find(strangers[89].session_id) is None
    assert sessions.find(strangers[90].session_id) is strangers[90]
    for each in strangers[90:]:
        assert sessions.prove(each, each.nonce, b"c", Identity(b"88.900/other", 300))
    assert len(sessions) == 5
    assert not sessions.prove(strangers[0], strangers[0].nonce, b"c", Identity(b"88.900/x", 1))


def test_sessions_that_are_over_leave_when_others_come():
    clock = StillClock()
    sessions = WebSessions(clock)
    for _ in range(50):
        sessions.open()
    clock.seconds = SESSION_SECONDS + 1
    sessions.open()
    assert len(sessions) == 1


HEADER_TEXT = st.text(
    st.sampled_from('Handle basic="0", version sessionId=node0 alg cnonce \\ %3A:/+=\tü\x7f'),
    max_size=200,
) | st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=100)


@given(HEADER_TEXT)
def test_any_fields_are_read_or_refused(text):
    with suppress(FieldsRefused):
        fields = header_fields(text)
        proof_in(fields, fields.get("id", ""))


@given(
    st.dictionaries(
        st.sampled_from(["cnonce", "alg", "type", "signature", "salt", "iterations", "length"]),
        st.sampled_from(["PBKDF2WithHmacSHA1", "HMAC-SHA1", "SHA256", "AAAA", "9", "-1", ""])
        | HEADER_TEXT,
    ),
    HEADER_TEXT,
)
def test_any_field_of_a_proof_is_read_or_refused(fields, identity):
    with suppress(FieldsRefused):
        proof_in(fields, identity)


async def test_no_header_is_an_unplanned_error(house, client):
    @settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(HEADER_TEXT, min_size=1, max_size=60))
    def collect(found):
        texts.extend(found)

    texts = []
    await asyncio.to_thread(collect)
    state = await opened(client)
    prefixes = ("", "Basic ", "Handle ", f'Handle sessionId="{state["sessionId"]}",')
    for number, text in enumerate(texts[:1500]):
        value = prefixes[number % 4] + re.sub(r"[\x00-\x1f\x7f]", " ", text)
        headers = {"Authorization": value}
        for method, path in (("PUT", "/api/sessions/this"), ("GET", "/api/handles/88.900/x")):
            async with client.request(method, path, headers=headers) as response:
                assert response.status in {200, 401, 403, 404}, value
