"""Each way to a session's key that clients know leads to one, and to messages encrypted with AES or SM4."""

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from idnode.clients.session import ClientSession
from idnode.registry.handle.crypto import sm2_private
from idnode.registry.handle.types.hs_pubkey import encode_pem, encode_public_key
from idnode.registry.handle.wire.constants import SessionCipher
from idnode.registry.handle.wire.resolution import Query, encode_query
from idnode.registry.handle.wire.session_setup import (
    SessionRequest,
    decode_key_data,
    decode_session_answer,
    encode_session_request,
)

SM2_KEY = sm2_private.Sm2PrivateKey(0x1234567890ABCDEF)
SITE = b"\0\0\0\x01/"


@pytest.fixture(scope="module")
def rsa_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


async def set_up(talk, request, **fields):
    envelope, message = await talk.ask(400, encode_session_request(request), **fields)
    assert message.response_code == 1
    return envelope, decode_session_answer(message.body).data


async def test_mode_1_encrypts_a_key_to_the_clients(talk, behind, rsa_key):
    public = encode_public_key(rsa_key.public_key())
    envelope, data = await set_up(talk, SessionRequest(1, 60, public_key=public))
    cipher, key = decode_key_data(rsa_key.decrypt(data, padding.PKCS1v15()))
    assert cipher == SessionCipher.AES
    found = behind(talk, ClientSession(envelope.session_id, key, cipher, encrypted=True))
    assert (await found.ask(2, SITE)).response_code == 1


@pytest.mark.parametrize("kind", ["rsa", "sm2"])
async def test_mode_3_encrypts_a_key_to_one_that_the_client_names(talk, behind, put, rsa_key, kind):
    key = rsa_key if kind == "rsa" else SM2_KEY
    await put(b"88.900.1/fy", (1, b"HS_PUBKEY", encode_pem(key.public_key())))
    request = SessionRequest(3, 60, exchange_handle=b"88.900.1/fy", exchange_index=1)
    envelope, data = await set_up(talk, request)
    if kind == "rsa":
        cipher, shared = decode_key_data(rsa_key.decrypt(data, padding.PKCS1v15()))
    else:
        cipher, shared = decode_key_data(sm2_private.decrypt(SM2_KEY, data))
    assert cipher == (SessionCipher.AES if kind == "rsa" else SessionCipher.SM4)
    found = behind(talk, ClientSession(envelope.session_id, shared, cipher, encrypted=True))
    assert (await found.ask(2, SITE)).response_code == 1


async def test_id_pointer_keeps_its_number_and_sends_everything_encrypted_without_codes(
    service, another_talk, put, wire
):
    from idnode.registry.handle.proofs.session_cipher import decrypt, encrypt
    from idnode.registry.handle.wire.constants import EnvelopeFlag
    from idnode.registry.handle.wire.message import decode_message

    await put(b"88.900.1/fy", (1, b"HS_PUBKEY", encode_pem(SM2_KEY.public_key())))
    await put(b"88.900.1/cup", (1, b"URL", b"x"))
    request = SessionRequest(3, 60, exchange_handle=b"88.900.1/fy", exchange_index=1)
    for talk in (another_talk(), another_talk()):
        fields = {"version": (2, 10), "suggested": (2, 11)}
        envelope, data = await set_up(talk, request, session_id=10001, **fields)
        assert envelope.session_id == 10001
        cipher, key = decode_key_data(sm2_private.decrypt(SM2_KEY, data))
        query = wire.message(1, encode_query(Query(b"88.900.1/cup")), 0x39000000)
        sealed = encrypt(query, key, cipher, (2, 10), b"")
        asked = wire.envelope(len(sealed), flags=EnvelopeFlag.ENCRYPTED, **fields)
        asked.session_id = 10001
        ((answered, found),) = await talk.bring(asked, sealed)
        assert answered.flags & EnvelopeFlag.ENCRYPTED
        message = decode_message(decrypt(found, key, cipher, (answered.major, answered.minor)))
        assert message.response_code == 1
        heartbeat = encode_query(Query(b"0"))
        assert (await talk.ask(1, heartbeat, **fields))[1].response_code == 301
    assert len(service.sessions) == 0
