"""Our own web clients sign in over HTTPS once, and then ask in their session's name.

Promises: a secret, and RSA, EC and SM2 keys of `openssl`, are taken; the secret itself is never sent; a wrong one is an
`AuthenticationFailed`, and so is a session that is over; after signing out nobody asks any more.
"""

import asyncio
import subprocess

import pytest

from idnode.clients import web, web_blocking
from idnode.clients.errors import AuthenticationFailed, ConnectionFailed, Refused
from idnode.clients.identity import KeyIdentity, SecretIdentity
from idnode.node.addresses import url_of
from idnode.node.data_directory import KEYS
from idnode.node.first_start.certificate import own_certificate
from idnode.node.first_start.prefixes import administrators_of
from idnode.registry.handle.model import HandleValue

RECORD = (HandleValue(1, "URL", b"https://example.org/"), administrators_of(b"88.900.1"))
SECRET = SecretIdentity(b"0.NA/88.900.1", 301, b"idnode-demo")
CURVES = {"rsa": ("RSA",), "ec": ("EC", "P-256"), "sm2": ("EC", "SM2")}


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def key_pair(folder, kind):
    """Return PEM texts of a fresh key: private, public."""
    path = folder / f"{kind}.pem"
    algorithm, *curve = CURVES[kind]
    options = [f"ec_paramgen_curve:{curve[0]}"] if curve else ["rsa_keygen_bits:2048"]
    openssl("genpkey", "-algorithm", algorithm, "-pkeyopt", *options, "-out", path)
    return path.read_bytes(), openssl("pkey", "-in", path, "-pubout")


class Blocking:
    """The blocking client, awaited."""

    def __init__(self, url, **options):
        self._client = web_blocking.Client(url, **options)

    def __getattr__(self, name):
        method = getattr(self._client, name)
        return lambda *arguments, **named: asyncio.to_thread(method, *arguments, **named)

    async def close(self):
        self._client.close()


@pytest.fixture(params=[web.Client, Blocking], ids=["asyncio", "blocking"])
async def client(request, node):
    trust = own_certificate(node.settings.data_dir / KEYS)
    made = request.param(url_of(node.addresses.http, "https"), ca_file=trust)
    yield made
    await made.close()


async def test_a_secret_signs_in_and_out(client):
    await client.sign_in(SECRET)
    assert (await client.create("88.900.1/in-session", RECORD)).created
    assert (await client.delete("88.900.1/in-session")).handle == "88.900.1/in-session"
    await client.sign_out()
    with pytest.raises(Refused) as refused:
        await client.create("88.900.1/in-session", RECORD)
    assert refused.value.response_code == 402
    await client.sign_out()


@pytest.mark.parametrize("kind", list(CURVES))
async def test_a_key_of_openssl_signs_in(client, node, tmp_path, kind):
    private, public = await asyncio.to_thread(key_pair, tmp_path, kind)
    await client.sign_in(SECRET)
    owner = f"88.900.1/owner-{kind}"
    await client.create(owner, [HandleValue(300, "HS_PUBKEY", public)])
    await client.sign_out()
    await client.sign_in(KeyIdentity.from_pem(owner.encode(), 300, private))
    with pytest.raises(Refused) as refused:
        await client.create("88.900.1/not-mine", RECORD)
    assert refused.value.response_code == 400


async def test_a_wrong_secret_does_not_sign_in(client):
    with pytest.raises(AuthenticationFailed):
        await client.sign_in(SecretIdentity(b"0.NA/88.900.1", 301, b"wrong"))
    with pytest.raises(AuthenticationFailed):
        await client.sign_in(SecretIdentity("88.900.1/无".encode(), 0, b"wrong"))


async def test_a_session_that_is_over_is_told(client):
    await client.sign_in(SECRET)
    other = client._client if isinstance(client, Blocking) else client
    session = other._credential
    await client.sign_out()
    other._credential = session
    with pytest.raises(AuthenticationFailed):
        await client.create("88.900.1/too-late", RECORD)
    with pytest.raises(AuthenticationFailed):
        await client.sign_out()


async def test_a_certificate_that_nobody_vouches_for_is_no_connection(node):
    url = url_of(node.addresses.http, "https")
    async with web.Client(url) as doubting:
        with pytest.raises(ConnectionFailed):
            await doubting.get("88.900.1/hello")
    with pytest.raises(ConnectionFailed):
        await asyncio.to_thread(web_blocking.Client(url).get, "88.900.1/hello")
    with pytest.raises(ValueError, match="no certificate to trust"):
        web_blocking.Client(url, ca_file="/absent")
