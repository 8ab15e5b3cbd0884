"""Proving who asks keeps these promises.

- Whoever signs an outstanding challenge gets a token for 24 hours of the node's clock; by GET with a body, too.
- A challenge is good once and for five minutes, two may be outstanding; line breaks in a signature are skipped.
- Another signature, no challenge and no application have codes of their own; so has a bad token.
- Claims of a token are those of the guide. An application that is gone takes its tokens with it.
"""

import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from idnode.clients import web
from idnode.clients.web_requests import Credential
from idnode.node.addresses import url_of

PUBLIC = "/doip/public"
APP = "88.900.1/App_demo"
USERS = "/open/handle-user-group/list"


@pytest.fixture
async def nobody(idhub, identity, call_on):
    await identity(idhub, APP)
    return call_on(idhub, APP)


async def challenge(caller):
    return await caller.good("GET", f"{PUBLIC}/challenge", handle=APP)


async def test_claims_and_life_of_a_token(nobody, clock):
    nonce = await challenge(nobody)
    assert nonce.isdigit()
    assert len(nonce) == 4
    await nobody.login()
    head, claims = (
        json.loads(base64.urlsafe_b64decode(part + "==")) for part in nobody.token.split(".")[:2]
    )
    assert (head["alg"], head["typ"]) == ("HS256", "JWT")
    assert claims["sub"] == APP
    assert claims["exp"] - claims["iat"] == 86400
    assert len(claims["jti"]) == 36
    clock.advance(86300)
    assert isinstance(await nobody.good("GET", USERS), list)
    clock.advance(200)
    assert await nobody.bad("GET", USERS) == (101, "无效的token")


async def test_get_with_a_body_and_line_breaks_are_taken(nobody):
    first, second = await challenge(nobody), await challenge(nobody)
    signature = nobody.sign(first)
    broken = "\n".join(signature[i : i + 76] for i in range(0, len(signature), 76))
    proof = {"handle": APP, "signature": broken}
    assert (await nobody("GET", f"{PUBLIC}/verify-response", proof))["data"]["token"]
    proof["signature"] = nobody.sign(second)
    assert (await nobody("POST", f"{PUBLIC}/verify-response", proof))["code"] == 1


async def test_a_challenge_is_good_once_and_for_a_while(nobody, clock):
    nonce = await challenge(nobody)
    proof = {"handle": APP, "signature": nobody.sign(nonce)}
    assert (await nobody("POST", f"{PUBLIC}/verify-response", proof))["code"] == 1
    code, message = await nobody.bad("POST", f"{PUBLIC}/verify-response", proof)
    assert code == 401
    assert "challenge" in message
    proof["signature"] = nobody.sign(await challenge(nobody))
    clock.advance(301)
    assert (await nobody.bad("POST", f"{PUBLIC}/verify-response", proof))[0] == 401


async def test_another_key_and_no_base64_are_refused(nobody):
    nonce = await challenge(nobody)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signed = other.sign(nonce.encode(), padding.PKCS1v15(), hashes.SHA256())
    for signature in (base64.b64encode(signed).decode(), "%%%", nobody.sign(f'"{nonce}"')):
        proof = {"handle": APP, "signature": signature}
        assert (await nobody.bad("POST", f"{PUBLIC}/verify-response", proof))[0] == 401


@pytest.mark.parametrize(
    "handle", ["App_demo", "88.900.1/P-1", "88.900.1/App_none", "88.1.1/App_demo", "88.900.1/hello"]
)
async def test_only_applications_are_challenged(nobody, handle):
    code, message = await nobody.bad("GET", f"{PUBLIC}/challenge", handle=handle)
    assert code == 40508
    assert message.startswith("标识格式异常")


async def test_bad_tokens_are_told_as_such(nobody):
    forged = jwt.encode({"sub": APP, "exp": 9999999999}, "x" * 32, "HS256")
    unsigned = jwt.encode({"sub": APP, "exp": 9999999999}, None, "none")
    for token in (None, "x", forged, unsigned):
        nobody.token = token
        assert await nobody.bad("GET", USERS) == (101, "无效的token")


async def test_an_application_that_is_gone_takes_its_tokens_with_it(idhub, nobody):
    await nobody.login()
    credential = Credential(301, "0.NA/88.900", "idnode-demo")
    async with web.Client(url_of(idhub.addresses.http), credential) as client:
        await client.delete(APP)
    assert (await nobody.bad("GET", USERS))[0] == 101


async def test_the_journal_tells_tokens_of_applications_and_accounts_apart(idhub, nobody):
    login = {"username": "demo", "password": "idnode-demo"}
    async with nobody.session.post("/identity/token", json=login) as answer:
        account = (await answer.json())["data"]["token"]
    await nobody.login()
    headers = {"Authorization": f"Bearer {nobody.token}"}
    async with nobody.session.get("/snms/api/v5/template", headers=headers) as answer:
        assert (await answer.json())["message"] == "未登录或登录已失效"
    nobody.token = account
    assert await nobody.bad("GET", USERS) == (101, "无效的token")
    nobody.token = "x" * 64
    assert await nobody.bad("GET", USERS) == (101, "无效的token")
    found = [entry.why.rule for entry in idhub.observation.journal.ring if entry.why]
    assert found[-3:] == ["W-SNMS-TOKEN-OF-IDHUB", "W-IDHUB-TOKEN-OF-SNMS", "W-IDHUB-TOKEN"]
