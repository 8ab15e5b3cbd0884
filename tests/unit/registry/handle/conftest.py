"""What the bodies of captured messages say, in the words of tests/vectors.

`body_of` decodes a body by its operation and outcome, and encodes again what it decoded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from idnode.registry.handle import values
from idnode.registry.handle.types import hs_pubkey, hs_site
from idnode.registry.handle.wire import (
    administration,
    challenge,
    digest,
    login,
    mirroring,
    resolution,
    session_setup,
    versions,
)
from idnode.registry.handle.wire.constants import OpCode, SessionCipher
from idnode.registry.handle.wire.digest import RequestDigest
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.failure import decode_failure, encode_failure
from idnode.registry.handle.wire.message import Message
from idnode.registry.handle.wire.referral import decode_referral, encode_referral


@dataclass(slots=True)
class Body:
    """A decoded body: what it says, and how it encodes back."""

    facts: dict[str, Any]
    encoded: bytes


def text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def facts_of_values(packed: bytes) -> list[dict[str, Any]]:
    assert values.pack(values.unpack(packed)) == packed
    return [
        {
            "index": value.index,
            "timestamp": value.timestamp,
            "ttlType": value.ttl_type,
            "ttl": value.ttl,
            "permissions": f"{value.permissions:04b}",
            "type": value.type,
            "dataHex": value.data.hex(),
            "references": [
                {"handle": reference.handle, "index": reference.index}
                for reference in value.references
            ],
        }
        for value in values.unpack(packed)
    ]


def handle_body(body: bytes) -> Body:
    handle = administration.decode_handle(body)
    return Body({"handle": text(handle)}, administration.encode_handle(handle))


def query_body(body: bytes) -> Body:
    query = resolution.decode_query(body)
    facts: dict[str, Any] = {
        "handle": text(query.handle),
        "indexes": list(query.indexes),
        "types": [text(value_type) for value_type in query.types],
    }
    if query.authorization is not None:
        facts["idPointerAuthBytes"] = query.authorization.hex()
    return Body(facts, resolution.encode_query(query))


def record_body(body: bytes) -> Body:
    handle, packed = administration.decode_record(body)
    assert resolution.decode_answer(body) == (handle, packed)
    assert resolution.encode_answer(handle, packed) == administration.encode_record(handle, packed)
    facts = {"handle": text(handle), "values": facts_of_values(packed)}
    return Body(facts, administration.encode_record(handle, packed))


def removal_body(body: bytes) -> Body:
    handle, indexes = administration.decode_removal(body)
    facts = {"handle": text(handle), "indexes": list(indexes)}
    return Body(facts, administration.encode_removal(handle, indexes))


def created_body(body: bytes) -> Body:
    handle = administration.decode_created(body)
    facts = {} if handle is None else {"handle": text(handle)}
    return Body(facts, administration.encode_created(handle))


def list_body(body: bytes) -> Body:
    handles = administration.decode_handle_list(body)
    facts = {"handles": [text(handle) for handle in handles]}
    return Body(facts, administration.encode_handle_list(handles))


def facts_of_site(record: hs_site.Site) -> dict[str, Any]:
    return {
        "dataFormatVersion": record.data_format_version,
        "protocolVersion": f"{record.protocol_major}.{record.protocol_minor}",
        "serialNumber": record.serial,
        "primary": record.primary,
        "multiPrimary": bool(record.primary_mask & hs_site.MULTI_PRIMARY),
        "hashOption": record.hash_option,
        "hashFilterHex": record.hash_filter.hex(),
        "attributes": [
            {"name": text(name), "value": text(value)} for name, value in record.attributes
        ],
        "servers": [
            {
                "serverId": server.server_id,
                "address": server.address.hex(),
                "publicKeyHex": server.public_key.hex(),
                "interfaces": [
                    {"type": port.type, "protocol": port.transport, "port": port.port}
                    for port in server.interfaces
                ],
            }
            for server in record.servers
        ],
    }


def site_body(body: bytes) -> Body:
    record = hs_site.decode_site(body)
    return Body({"site": facts_of_site(record)}, hs_site.encode_site(record))


def answer_body(body: bytes) -> Body:
    answer = challenge.decode_answer(body)
    facts = {
        "authType": text(answer.type),
        "userHandle": text(answer.handle),
        "userIndex": answer.index,
        "signedResponseHex": answer.proof.hex(),
    }
    return Body(facts, challenge.encode_answer(answer))


def verification_body(body: bytes) -> Body:
    asked = challenge.decode_verification(body)
    return Body({"handle": text(asked.handle)}, challenge.encode_verification(asked))


def verdict_body(body: bytes) -> Body:
    valid = challenge.decode_verdict(body)
    return Body({"valid": valid}, challenge.encode_verdict(valid=valid))


def login_body(body: bytes) -> Body:
    asked = login.decode_login(body)
    facts = {"identifier": text(asked.handle), "index": asked.index}
    return Body(facts, login.encode_login(asked))


def password_body(body: bytes) -> Body:
    asked = login.decode_password_login(body)
    facts = {
        "username": text(asked.username),
        "indexes": [],
        "passwordAsFirstType": [text(asked.password)],
    }
    return Body(facts, login.encode_password_login(asked))


def password_answer_body(body: bytes) -> Body:
    handle, packed = resolution.decode_answer(body)
    facts = {"identifier": text(handle), "numValues": len(values.spans(packed))}
    return Body(facts, resolution.encode_answer(handle, packed))


def session_request_body(body: bytes) -> Body:
    asked = session_setup.decode_session_request(body)
    facts = {
        "keyExchangeMode": asked.mode,
        "timeout": asked.timeout,
        "identityHandle": text(asked.identity_handle),
        "identityIndex": asked.identity_index,
        "trailingHex": "0000",
    }
    if asked.mode in {1, 4}:
        facts["publicKeyHex"] = asked.public_key.hex()
        assert (
            hs_pubkey.encode_public_key(hs_pubkey.decode_public_key(asked.public_key))
            == asked.public_key
        )
    if asked.mode == 3:
        facts["exchangeKeyHandle"] = text(asked.exchange_handle)
        facts["exchangeKeyIndex"] = asked.exchange_index
    return Body(facts, session_setup.encode_session_request(asked))


def session_answer_body(body: bytes) -> Body:
    answer = session_setup.decode_session_answer(body)
    facts = {"keyExchangeMode": answer.mode, "dataHex": answer.data.hex(), "trailingHex": "0000"}
    if answer.mode == 4:
        algorithm, key = session_setup.decode_key_data(answer.data)
        assert algorithm == SessionCipher.AES
        assert hs_pubkey.encode_public_key(hs_pubkey.decode_public_key(key)) == key
        assert session_setup.encode_key_data(algorithm, key) == answer.data
    return Body(facts, session_setup.encode_session_answer(answer))


def dump_body(body: bytes) -> Body:
    asked = mirroring.decode_dump(body)
    facts = {
        "receiverHashType": asked.hash_type,
        "numServers": asked.servers,
        "serverNum": asked.server,
    }
    return Body(facts, mirroring.encode_dump(asked))


def referral_body(body: bytes) -> Body:
    referral = decode_referral(body)
    facts: dict[str, Any] = {"referralHandle": text(referral.handle)}
    if referral.values is not None:
        facts["values"] = facts_of_values(referral.values)
    return Body(facts, encode_referral(referral))


def failure_body(body: bytes) -> Body:
    message = decode_failure(body)
    return Body({"message": message}, encode_failure(message))


def empty_body(body: bytes) -> Body:
    assert body == b""
    return Body({}, b"")


def opaque_body(body: bytes) -> Body:
    return Body({}, body)


REQUESTS: dict[int, Callable[[bytes], Body]] = {
    OpCode.RESOLUTION: query_body,
    OpCode.CREATE_HANDLE: record_body,
    OpCode.ADD_VALUES: record_body,
    OpCode.MODIFY_VALUES: record_body,
    OpCode.REMOVE_VALUES: removal_body,
    OpCode.CHALLENGE_ANSWER: answer_body,
    OpCode.VERIFY_CHALLENGE: verification_body,
    OpCode.SESSION_SETUP: session_request_body,
    OpCode.LOGIN_ID_SYSTEM: login_body,
    OpCode.LOGIN_PASSWORD: password_body,
    OpCode.DUMP_HANDLES: dump_body,
    OpCode.RESERVED: opaque_body,
}
ANSWERS: dict[int, Callable[[bytes], Body]] = {
    OpCode.RESOLUTION: record_body,
    OpCode.GET_SITE_INFO: site_body,
    OpCode.CREATE_HANDLE: created_body,
    OpCode.LIST_HANDLES: list_body,
    OpCode.LIST_HOMED_PREFIXES: list_body,
    OpCode.SESSION_SETUP: session_answer_body,
    OpCode.VERIFY_CHALLENGE: verdict_body,
    OpCode.LOGIN_PASSWORD: password_answer_body,
}


def challenge_body(body: bytes, op_flags: int, version: versions.Version) -> Body:
    asked = challenge.decode_challenge(body, op_flags)
    facts: dict[str, Any] = {"nonceHex": asked.nonce.hex()}
    if asked.digest and versions.digest_is_typed(version):
        facts["requestDigest"] = digest_facts(asked.digest)
    elif asked.digest:
        facts["trailingHex"] = f"{len(asked.digest.digest):08x}{asked.digest.digest.hex()}"
    return Body(facts, challenge.encode_challenge(asked, version))


def digest_facts(found: RequestDigest) -> dict[str, Any]:
    return {"algorithm": found.algorithm, "hex": found.digest.hex()}


def decode_body(message: Message, envelope: Envelope, *, request: bool) -> Body:
    """Decode a message's body by its operation and outcome."""
    if request:
        if message.op_code not in set(OpCode):
            return opaque_body(message.body)
        return REQUESTS.get(message.op_code, handle_body)(message.body)
    if message.response_code == 402:
        return challenge_body(message.body, message.op_flags, versions.version_of(envelope))
    found, rest = digest.split_digest(message.body, message.op_flags)
    if message.response_code in {302, 303}:
        body = referral_body(rest)
    elif message.response_code == 1:
        body = ANSWERS.get(message.op_code, empty_body)(rest)
    else:
        body = failure_body(rest)
    if found:
        body.facts["requestDigest"] = digest_facts(found)
        body.encoded = digest.encode_digest(found) + body.encoded
    return body


@pytest.fixture
def body_of() -> Callable[..., Body]:
    """Decode a message's body; see `decode_body`."""
    return decode_body


@pytest.fixture
def value_facts() -> Callable[[bytes], list[dict[str, Any]]]:
    """Say what a packed value list holds."""
    return facts_of_values


@pytest.fixture
def site_facts() -> Callable[[hs_site.Site], dict[str, Any]]:
    """Say what a site record holds."""
    return facts_of_site
