"""A client certificate of any issuer is a login over TLS, when its key is the identity's in the register.

Promises: a self-signed certificate that names ``300:0.NA/88.900.1`` writes, with or without a session, on both event
loops and whether its time is over or not; another key, another identity, no certificate, or a certificate without
the header proves nothing; plain HTTP and clients without certificates go on as before.
"""

import asyncio
import datetime as dt
import ssl

import aiohttp
import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from idnode.node.addresses import url_of
from idnode.node.data_directory import KEYS
from idnode.node.first_start.certificate import own_certificate
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.registry.handle import values
from idnode.registry.handle.types.hs_pubkey import encode_public_key
from idnode.registry.mutation import AddValues

IDENTITY = "300:0.NA/88.900.1"
HEADER = {"Authorization": 'Handle clientCert="true"'}
RECORD = {
    "values": [
        {
            "index": 100,
            "type": "HS_ADMIN",
            "data": {
                "format": "admin",
                "value": {"handle": "0.NA/88.900.1", "index": 200, "permissions": "011111110011"},
            },
        }
    ]
}
EPOCH = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048)


def certificate_file(path, key, name, days=36_500):
    """Write a self-signed certificate and its key into one file, and return its name."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(EPOCH)
        .not_valid_after(EPOCH + dt.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


async def give_key(node, public):
    """Store a public key where IDENTITY says."""
    value = values.pack_value(300, b"HS_PUBKEY", encode_public_key(public), timestamp=1)
    (outcome,) = await node.register.submit(
        [AddValues(b"0.NA/88.900.1", values.join([value]), overwrite=True)]
    )
    assert not isinstance(outcome, Exception), outcome


def trusting(node, certificate=None):
    context = ssl.create_default_context(cafile=own_certificate(node.settings.data_dir / KEYS))
    if certificate is not None:
        context.load_cert_chain(certificate)
    return context


async def put(node, context, handle="88.900.1/cert", headers=HEADER):
    async with (
        aiohttp.ClientSession() as session,
        session.put(
            f"{url_of(node.addresses.http, 'https')}/api/handles/{handle}",
            json=RECORD,
            params={"overwrite": "true"},
            headers=headers,
            ssl=context,
        ) as answer,
    ):
        return answer.status


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("days", [36_500, 1], ids=["valid", "expired"])
def test_c15_a_self_signed_certificate_writes(loop, days, key, tmp_path):
    async def write():
        ports = dict.fromkeys(("handle_port", "http_port", "admin_port"), 0)
        node = Node(Settings(data_dir=tmp_path / "data", **ports), seed=1)
        await node.start()
        try:
            await give_key(node, key.public_key())
            name = certificate_file(tmp_path / "client.pem", key, IDENTITY, days)
            return [await put(node, trusting(node, name)) for _ in range(2)]
        finally:
            await node.stop()

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(write()) == [201, 200]


async def test_c15_what_proves_nothing(node, key, tmp_path):
    await give_key(node, key.public_key())
    other = ec.generate_private_key(ec.SECP256R1())
    right = certificate_file(tmp_path / "right.pem", key, IDENTITY)
    wrong = {
        "another key": certificate_file(tmp_path / "key.pem", other, IDENTITY),
        "an identity without such a key": certificate_file(
            tmp_path / "identity.pem", key, "300:0.NA/88.900"
        ),
        "a secret key's index": certificate_file(tmp_path / "secret.pem", key, "301:0.NA/88.900.1"),
        "an index that is none": certificate_file(tmp_path / "index.pem", key, "x:0.NA/88.900.1"),
        "nobody": certificate_file(tmp_path / "nobody.pem", key, "somebody"),
    }
    answers = {what: await put(node, trusting(node, name)) for what, name in wrong.items()}
    answers["no certificate"] = await put(node, trusting(node))
    answers["no header"] = await put(node, trusting(node, right), headers={})
    assert answers == dict.fromkeys(answers, 401)
    assert await put(node, trusting(node, right)) == 201


async def test_c15_a_session_stands_for_the_certificate(node, key, tmp_path):
    await give_key(node, key.public_key())
    context = trusting(
        node, certificate_file(tmp_path / "client.pem", key, "300%3A0.NA%2F88.900.1")
    )
    sessions = f"{url_of(node.addresses.http, 'https')}/api/sessions"
    async with aiohttp.ClientSession() as client:
        async with client.post(sessions, ssl=context) as answer:
            number = (await answer.json())["sessionId"]
        named = f'Handle sessionId="{number}"'
        headers = {"Authorization": f'{named}, clientCert="true"'}
        async with client.put(f"{sessions}/this", headers=headers, ssl=context) as answer:
            assert (await answer.json())["authenticated"] is True
    # The session goes on over a connection that began without a certificate.
    assert await put(node, trusting(node), headers={"Authorization": named}) == 201
