"""The wire codec for all inputs.

* What is encoded decodes to the same, for every kind of body and value.
* Arbitrary bytes and damaged captured messages decode, or raise a documented error, and nothing
  else.
* Any cut of a stream gives the same messages; an impossible envelope is refused wherever the
  cut is.
* Datagrams join in any order, with repetitions and other senders' datagrams among them.
* Reassembly stays within its bounds whatever arrives.
"""

import contextlib
import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from idnode.registry.handle import values
from idnode.registry.handle.crypto import sm2
from idnode.registry.handle.errors import InvalidHandle, InvalidValue
from idnode.registry.handle.model import HandleValue, Reference
from idnode.registry.handle.proofs import secret_answer, session_cipher, signatures
from idnode.registry.handle.types import hs_pubkey, hs_site
from idnode.registry.handle.types.hs_admin import AdminValue, decode_admin, encode_admin
from idnode.registry.handle.types.hs_vlist import Member, decode_vlist, encode_vlist
from idnode.registry.handle.wire import (
    administration,
    challenge,
    credential,
    digest,
    login,
    mirroring,
    resolution,
    session_setup,
)
from idnode.registry.handle.wire.cursor import Reader
from idnode.registry.handle.wire.datagrams import Reassembly
from idnode.registry.handle.wire.envelope import Envelope, decode_envelope
from idnode.registry.handle.wire.errors import EncodingError, ProtocolError
from idnode.registry.handle.wire.failure import decode_failure, encode_failure
from idnode.registry.handle.wire.framing import Framer
from idnode.registry.handle.wire.message import Message, decode_message, encode_message
from idnode.registry.handle.wire.referral import Referral, decode_referral, encode_referral

DOCUMENTED = (ProtocolError, InvalidHandle, InvalidValue)


def captured():
    """Return the bytes of every captured message and value."""
    folder = Path(__file__).parents[1] / "vectors"
    lines = [
        json.loads(text)
        for name in ("handle-wire.jsonl", "handle-server-wire.jsonl")
        for text in (folder / name).read_text(encoding="utf-8").splitlines()
    ]
    return sorted(
        {bytes.fromhex(line["hex"]) for line in lines if not line["transport"].startswith("http")}
    )


CAPTURED = captured()

u1, u2 = st.integers(0, 0xFF), st.integers(0, 0xFFFF)
u4, u8 = st.integers(0, 0xFFFFFFFF), st.integers(0, 2**64 - 1)
i4 = st.integers(-(2**31), 2**31 - 1)
blob = st.binary(max_size=64)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=24)
handles = texts.map(str.encode)

envelopes = st.builds(
    Envelope,
    major=st.integers(0, 5),
    minor=u1,
    flags=st.sampled_from([0, 0x20, 0x40, 0x80, 0xE0]),
    suggested_major=st.integers(0, 31),
    suggested_minor=u1,
    session_id=u4,
    request_id=u4,
    sequence=u4,
    message_length=u4,
)
messages = st.builds(
    Message,
    op_code=u4,
    response_code=u4,
    op_flags=u4,
    site_serial=u2,
    recursion_count=u1,
    expiration=u4,
    body=blob,
    credential=blob,
)
packed_lists = st.lists(
    st.builds(
        HandleValue,
        index=st.integers(1, 2**31 - 1),
        type=texts.filter(bool),
        data=blob,
        ttl=i4,
        ttl_type=st.integers(0, 1),
        permissions=st.integers(0, 15),
        timestamp=u4,
        references=st.lists(st.builds(Reference, texts, i4), max_size=3).map(tuple),
    ),
    max_size=4,
).map(values.pack)
digests = st.builds(digest.digest_of, blob, st.integers(1, 3))
sites = st.builds(
    hs_site.Site,
    serial=u2,
    servers=st.lists(
        st.builds(
            hs_site.Server,
            i4,
            st.binary(min_size=16, max_size=16),
            blob,
            st.lists(st.builds(hs_site.Interface, u1, u1, i4), max_size=3).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    attributes=st.lists(st.tuples(blob, blob), max_size=3).map(tuple),
    primary_mask=u1,
    hash_option=u1,
    hash_filter=blob,
    protocol_major=u1,
    protocol_minor=u1,
    data_format_version=u2,
)


@given(envelopes)
def test_an_envelope_reads_back(envelope):
    assert decode_envelope(envelope.encode()) == envelope


@given(messages)
def test_a_message_reads_back(message):
    data = encode_message(message)
    found = decode_message(data)
    assert data.startswith(found.signed)
    found.signed = b""
    assert found == message


@given(
    st.builds(
        resolution.Query,
        handles,
        st.lists(i4, max_size=4).map(tuple),
        st.lists(blob, max_size=4).map(tuple),
        st.none() | blob,
    )
)
def test_a_query_reads_back(query):
    assert resolution.decode_query(resolution.encode_query(query)) == query


@given(handles, packed_lists, blob)
def test_records_and_answers_read_back_without_what_follows(handle, packed, tail):
    assert values.pack(values.unpack(packed)) == packed
    body = resolution.encode_answer(handle, packed)
    assert body == administration.encode_record(handle, packed)
    assert resolution.decode_answer(body + tail) == (handle, packed)
    assert administration.decode_record(body + tail) == (handle, packed)


@given(handles, st.lists(i4, max_size=5).map(tuple), st.lists(handles, max_size=5).map(tuple))
def test_removals_and_listings_read_back(handle, indexes, listed):
    body = administration.encode_removal(handle, indexes)
    assert administration.decode_removal(body) == (handle, indexes)
    assert administration.decode_handle_list(administration.encode_handle_list(listed)) == listed


@given(sites)
def test_a_site_reads_back(record):
    assert hs_site.decode_site(hs_site.encode_site(record)) == record


@given(st.builds(AdminValue, u2, handles, i4, st.booleans()))
def test_an_admin_value_reads_back(admin):
    assert decode_admin(encode_admin(admin)) == admin


@given(st.lists(st.builds(Member, handles, i4), max_size=4).map(tuple))
def test_a_group_reads_back(members):
    assert decode_vlist(encode_vlist(members)) == members


@given(st.builds(Referral, handles, st.none() | packed_lists), texts)
def test_referrals_and_failures_read_back(referral, text):
    assert decode_referral(encode_referral(referral)) == referral
    assert decode_failure(encode_failure(text)) == text


@given(st.builds(challenge.Challenge, blob, digests), handles, i4, blob)
def test_the_challenge_dialogue_reads_back(asked, handle, index, proof):
    body = challenge.encode_challenge(asked, (2, 11))
    assert challenge.decode_challenge(body, 0x00800000) == asked
    answer = challenge.ChallengeAnswer(b"HS_SECKEY", handle, index, proof)
    assert challenge.decode_answer(challenge.encode_answer(answer)) == answer
    relayed = challenge.Verification(handle, index, asked.nonce, asked.digest, proof)
    assert challenge.decode_verification(challenge.encode_verification(relayed)) == relayed


@given(st.builds(credential.MessageCredential, blob, blob, blob, i4, handles, u1, u1, u2))
def test_a_credential_reads_back(found):
    assert credential.decode_credential(credential.encode_credential(found)) == found


BODY_DECODERS = (
    administration.decode_created,
    administration.decode_handle,
    administration.decode_handle_list,
    administration.decode_record,
    administration.decode_removal,
    challenge.decode_answer,
    challenge.decode_verdict,
    challenge.decode_verification,
    credential.decode_credential,
    decode_admin,
    decode_failure,
    decode_referral,
    decode_vlist,
    hs_pubkey.decode_public_key,
    login.decode_login,
    login.decode_password_login,
    mirroring.decode_dump,
    resolution.decode_answer,
    resolution.decode_query,
    session_setup.decode_key_data,
    session_setup.decode_key_exchange,
    session_setup.decode_session_answer,
    session_setup.decode_session_request,
    signatures.decode_proof,
    hs_site.decode_site,
    sm2.decode_spki,
    values.unpack,
    lambda data: challenge.decode_challenge(data, 0),
    lambda data: challenge.decode_challenge(data, 0x00800000),
    lambda data: digest.split_digest(data, 0x00800000),
    lambda data: mirroring.decode_retrieve(data, (2, 8)),
    lambda data: mirroring.decode_retrieve(data, (2, 11)),
    lambda data: session_cipher.decrypt(data, bytes(16), 3, (2, 11)),
    lambda data: session_cipher.decrypt(data, bytes(16), 4, (2, 11)),
    lambda data: Reader(data).value(),
)


def decode_everything(data):
    """Feed the bytes to every decoder of a body; only documented errors may come out."""
    for decode in BODY_DECODERS:
        try:
            decode(data)
        except DOCUMENTED as error:
            assert not isinstance(error, EncodingError)  # noqa: PT017


def decode_datagram(data):
    """Feed the bytes to the decoders of envelope, message, body and credential in turn."""
    try:
        found = Reassembly(flagged_only=True).add("peer", data, 0.0)
        message = decode_message(found[1] if found else data[20:])
    except DOCUMENTED as error:
        assert not isinstance(error, EncodingError)  # noqa: PT017
        return
    decode_everything(message.body)
    decode_everything(message.credential)


@st.composite
def damaged(draw):
    """Draw a captured message with some bytes changed, cut out, put in, or cut off."""
    data = bytearray(draw(st.sampled_from(CAPTURED)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        kind = draw(st.sampled_from(["change", "length", "cut", "insert", "end"]))
        if kind == "change" and data:
            data[at] = draw(u1)
        elif kind == "length":
            data[at : at + 4] = draw(u4).to_bytes(4, "big")
        elif kind == "cut":
            del data[at : at + draw(st.integers(1, 8))]
        elif kind == "insert":
            data[at:at] = draw(st.binary(max_size=8))
        elif kind == "end":
            del data[at:]
    return bytes(data)


@given(st.binary(max_size=400))
def test_arbitrary_bytes_decode_or_raise_a_documented_error(data):
    decode_everything(data)
    decode_datagram(data)


@settings(max_examples=400)
@given(damaged())
def test_damaged_messages_decode_or_raise_a_documented_error(data):
    decode_datagram(data)
    decode_everything(data)
    decode_everything(data[44:])
    framer = Framer()
    try:
        framer.feed(data)
        framer.finish()
    except DOCUMENTED:
        pass


@given(st.sampled_from([b"RSA_PUB_KEY", b"DSA_PUB_KEY", b"DH_PUB_KEY"]), st.lists(blob, max_size=5))
def test_keys_of_arbitrary_numbers_are_built_or_refused(key_type, numbers):
    data = b"".join(len(item).to_bytes(4, "big") + item for item in [key_type, *numbers])
    data = data[: 4 + len(key_type)] + b"\0\0" + data[4 + len(key_type) :]
    with contextlib.suppress(DOCUMENTED):
        hs_pubkey.decode_public_key(data)


@given(blob, st.sampled_from([(2, 0), (2, 1), (2, 11)]))
def test_arbitrary_proofs_are_wrong_or_raise_a_documented_error(proof, version):
    with contextlib.suppress(DOCUMENTED):
        assert not secret_answer.verify_proof(b"secret", b"proven", proof, version)
    key = sm2.Sm2PublicKey(sm2._GX, sm2._GY)
    assert not sm2.verify(key, proof, b"message", b"88.900/a")
