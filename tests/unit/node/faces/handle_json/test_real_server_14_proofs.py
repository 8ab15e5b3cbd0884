"""Proofs over HTTP in each form that the real server computes, and signing in again in one session.

A secret proves itself by hashing secret, nonces and secret (MD5, SHA1, SHA256), by an HMAC, or by one with a key
derived from it; verifications take the same. A second login needs another nonce of the client, not another session.
"""

import base64
import hashlib
import hmac

import pytest

SECRET = b"idnode-demo"
USER = "301:0.NA/88.900"
SALT = b"salt" * 4


def b64(data):
    return base64.b64encode(data).decode()


def fields(algorithm, nonce, cnonce, secret=SECRET):
    """Return the fields of a proof in the way of this algorithm."""
    proven = base64.b64decode(nonce) + cnonce
    made = {"cnonce": b64(cnonce), "id": USER, "type": "HS_SECKEY", "alg": algorithm}
    if algorithm.startswith("PBKDF2"):
        key = hashlib.pbkdf2_hmac("sha1", secret, SALT, 1000, 20)
        made |= {"salt": b64(SALT), "iterations": "1000", "length": "160"}
        return made | {"signature": b64(hmac.digest(key, proven, "sha1"))}
    name = algorithm.lower().replace("-", "")
    return made | {"signature": b64(hashlib.new(name, secret + proven + secret).digest())}


FORMS = ["MD5", "SHA1", "SHA-1", "SHA256", "SHA-256", "PBKDF2WithHmacSHA1", "PBKDF2-HMAC-SHA1"]


async def sign_in(client, session, shown):
    text = ", ".join(f'{name}="{value}"' for name, value in shown.items())
    headers = {"Authorization": f'Handle version="0", sessionId="{session}", {text}'}
    async with client.put("/api/sessions/this", headers=headers) as response:
        return response.status, await response.json()


async def opened(client):
    async with client.post("/api/sessions") as response:
        return await response.json()


@pytest.mark.parametrize("algorithm", FORMS)
async def test_14_a_secret_signs_in(client, algorithm):
    state = await opened(client)
    wrong = fields(algorithm, state["nonce"], b"c" * 16, b"wrong")
    assert (await sign_in(client, state["sessionId"], wrong))[0] == 401
    right = fields(algorithm, state["nonce"], b"c" * 16)
    status, answer = await sign_in(client, state["sessionId"], right)
    assert (status, answer["id"]) == (200, USER)


@pytest.mark.parametrize("algorithm", FORMS)
@pytest.mark.parametrize("named", [True, False])
async def test_14_verifications_take_the_same(client, algorithm, named):
    for secret, valid in ((SECRET, True), (b"wrong", False)):
        shown = fields(algorithm, b64(b"n" * 16), b"c" * 16, secret) | {"nonce": b64(b"n" * 16)}
        shown.pop("id")
        if not named:
            shown.pop("type")
        async with client.get(f"/api/verifications/{USER}", params=shown) as response:
            assert (await response.json())["isValid"] is valid


async def test_14_signing_in_twice_in_one_session(client):
    state = await opened(client)
    for number in range(3):
        shown = fields("SHA256", state["nonce"], bytes([number]) * 16)
        status, answer = await sign_in(client, state["sessionId"], shown)
        assert (status, answer["authenticated"]) == (200, True)
        assert (await sign_in(client, state["sessionId"], shown))[0] == 401
