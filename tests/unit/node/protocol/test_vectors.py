"""Captured traffic of real clients and servers, both ways.

* Every message decodes to what its line says of it (``decoded`` or ``note``).
* What was decoded encodes back to the same bytes, the whole message and each value in it.
* A stream fed whole, in two halves or byte by byte gives the same messages; so do datagrams in any order.
* Digests, signatures and proofs verify as their lines say, recomputed from the messages around them.
* The lines that cannot be reproduced are exactly those that tests/vectors/README.md lists, each with what
  the codec says about it.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from node.protocol import (
    administration,
    challenge,
    credential,
    digest,
    keys,
    login,
    mirroring,
    resolution,
    secret_answer,
    session_setup,
    signatures,
    site,
    versions,
)
from node.protocol.admin_value import decode_admin, encode_admin
from node.protocol.constants import EnvelopeFlag, OpCode, OpFlag, SessionCipher
from node.protocol.cursor import Reader
from node.protocol.datagrams import Reassembly, split
from node.protocol.digest import RequestDigest
from node.protocol.envelope import Envelope, decode_envelope
from node.protocol.errors import ProtocolError
from node.protocol.failure import decode_failure, encode_failure
from node.protocol.framing import Framer
from node.protocol.message import Message, decode_message, encode_message
from node.protocol.referral import decode_referral, encode_referral
from node.protocol.session_cipher import decrypt, encrypt
from node.protocol.vlist import decode_vlist, encode_vlist
from registry import values

VECTORS = Path(__file__).parents[3] / "vectors"
KEYS = json.loads((VECTORS / "handle-wire-keys.json").read_text(encoding="utf-8"))
FLAG_NAMES = {
    "AUTH": OpFlag.AUTHORITATIVE,
    "CERT": OpFlag.CERTIFY,
    "ENCR": OpFlag.ENCRYPT,
    "RECU": OpFlag.RECURSIVE,
    "CACR": OpFlag.CACHE_CERTIFY,
    "CONT": OpFlag.CONTINUOUS,
    "KPAL": OpFlag.KEEP_ALIVE,
    "PUBL": OpFlag.PUBLIC_ONLY,
    "RRDG": OpFlag.REQUEST_DIGEST,
    "OVRW": OpFlag.OVERWRITE,
    "MINT": OpFlag.MINT_SUFFIX,
    "DNRF": OpFlag.DO_NOT_REFER,
    "TRUSTED_QUERY": OpFlag.TRUSTED_QUERY,
    "TRUSTED_RESULT": OpFlag.TRUSTED_RESULT,
}


def load(name: str) -> list[dict[str, Any]]:
    """Return a file's lines, each with its place for the test's name."""
    lines = []
    for number, text in enumerate((VECTORS / name).read_text(encoding="utf-8").splitlines(), 1):
        line = json.loads(text)
        line["id"] = f"{number}-{line['name']}-{line.get('direction', '')}"
        line["bytes"] = bytes.fromhex(line.get("hex", ""))
        lines.append(line)
    return lines


CLIENTS = load("handle-wire.jsonl")
SERVER = [line for line in load("handle-server-wire.jsonl") if line["transport"] in {"tcp", "udp"}]
EXCHANGED = [
    line
    for line in CLIENTS + SERVER
    if line["direction"] in {"request", "response"} and line["hex"]
]
DATA = [line for line in CLIENTS if line["direction"] == "data"]


def by_id(lines: list[dict[str, Any]]) -> Any:
    """Return a parametrization over lines."""
    return pytest.mark.parametrize("line", lines, ids=[line["id"] for line in lines])


# --- bodies -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Body:
    """A decoded body: what it says, and how it encodes back."""

    facts: dict[str, Any]
    encoded: bytes


def text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def value_facts(packed: bytes) -> list[dict[str, Any]]:
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
    facts = {"handle": text(handle), "values": value_facts(packed)}
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


def site_facts(record: site.Site) -> dict[str, Any]:
    return {
        "dataFormatVersion": record.data_format_version,
        "protocolVersion": f"{record.protocol_major}.{record.protocol_minor}",
        "serialNumber": record.serial,
        "primary": record.primary,
        "multiPrimary": bool(record.primary_mask & site.MULTI_PRIMARY),
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
    record = site.decode_site(body)
    return Body({"site": site_facts(record)}, site.encode_site(record))


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
        assert keys.encode_public_key(keys.decode_public_key(asked.public_key)) == asked.public_key
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
        assert keys.encode_public_key(keys.decode_public_key(key)) == key
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
        facts["values"] = value_facts(referral.values)
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


def body_of(message: Message, envelope: Envelope, *, request: bool) -> Body:
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


# --- whole messages -----------------------------------------------------------------------------------


def envelope_facts(envelope: Envelope) -> dict[str, Any]:
    return {
        "version": f"{envelope.major}.{envelope.minor}",
        "flags": [
            name
            for name in ("COMPRESSED", "ENCRYPTED", "TRUNCATED")
            if envelope.flags & getattr(EnvelopeFlag, name)
        ],
        "suggest": f"{envelope.suggested_major}.{envelope.suggested_minor}",
        "sessionId": envelope.session_id,
        "requestId": envelope.request_id,
        "sequence": envelope.sequence,
        "messageLength": envelope.message_length,
    }


def header_facts(message: Message) -> dict[str, Any]:
    serial = message.site_serial
    return {
        "opCode": message.op_code,
        "responseCode": message.response_code,
        "opFlags": f"0x{message.op_flags:08x}",
        "flags": [name for name, bit in FLAG_NAMES.items() if message.op_flags & bit],
        "siteInfoSerial": serial - 0x10000 if serial & 0x8000 else serial,
        "recursionCount": message.recursion_count,
        "reserved": 0,
        "expiration": message.expiration,
        "bodyLength": len(message.body),
    }


def credential_facts(section: bytes) -> dict[str, Any] | None:
    if not section:
        return None
    found = credential.decode_credential(section)
    return {
        "version": found.version,
        "reserved": found.reserved,
        "options": found.options,
        "signerHandle": text(found.signer_handle),
        "sessionCounter": found.counter,
        "type": text(found.type),
        "sectionLength": 8 + len(found.algorithm) + len(found.signature),
        "digestAlg": text(found.algorithm),
        "signatureHex": found.signature.hex(),
    }


def message_facts(envelope: Envelope, data: bytes, *, request: bool) -> dict[str, Any]:
    """Return what a message says, having checked that it encodes back from what was decoded."""
    message = decode_message(data)
    body = body_of(message, envelope, request=request)
    section = message.credential
    if section:
        section = credential.encode_credential(credential.decode_credential(section))
    rebuilt = Message(
        message.op_code,
        message.response_code,
        message.op_flags,
        message.site_serial,
        message.recursion_count,
        message.expiration,
        body.encoded,
        section,
        sectioned=message.sectioned,
    )
    assert encode_message(rebuilt) == data
    assert data.startswith(message.signed)
    facts = {"header": header_facts(message), "body": body.facts}
    if message.sectioned:
        facts["credential"] = credential_facts(message.credential)
    return facts


def assert_says(facts: dict[str, Any], decoded: dict[str, Any]) -> None:
    """Compare with a line's ``decoded``, in which texts stand beside the bytes they were made from."""

    def strip(item: Any) -> Any:
        if isinstance(item, dict):
            if "dataText" in item:
                assert bytes.fromhex(item["dataHex"]).decode() == item["dataText"]
            return {key: strip(value) for key, value in item.items() if key != "dataText"}
        return [strip(entry) for entry in item] if isinstance(item, list) else item

    expected = strip(decoded)
    for part in (facts, expected):
        part.get("header", {}).get("flags", []).sort()
    assert facts == expected


def is_packet(line: dict[str, Any]) -> bool:
    """Whether a line is one of several datagrams of a message."""
    data = line["bytes"]
    flagged = line["transport"] == "udp" and len(data) > 20 and data[2] & EnvelopeFlag.TRUNCATED
    part = flagged and int.from_bytes(data[16:20], "big") > len(data) - 20
    return bool(part) or "response-packet-" in line["name"]


def decode_whole(line: dict[str, Any]) -> list[tuple[Envelope, bytes]]:
    """Return a line's messages; what is wrong with it is raised."""
    data = line["bytes"]
    if line["transport"] == "udp":
        found = Reassembly(flagged_only=True).add("peer", data, 0.0)
        return [found] if found else []
    framer = Framer()
    messages = framer.feed(data)
    framer.finish()
    return messages


def note_facts(envelope: Envelope, message: Message | None) -> str:
    """Return the facts in the form of a server line's ``note``."""
    flags = (envelope.flags | envelope.suggested_major) << 8 | envelope.suggested_minor
    note = (
        f"envelope v{envelope.major}.{envelope.minor} flags=0x{flags:04x} "
        f"session={envelope.session_id} rid=0x{envelope.request_id:08x} "
        f"seq={envelope.sequence} msgLen={envelope.message_length}"
    )
    if message is None:
        return note
    return (
        f"{note}; op={message.op_code} rc={message.response_code} "
        f"opFlags=0x{message.op_flags:08x} siteSerial={message.site_serial} "
        f"recursion={message.recursion_count} expires={message.expiration} "
        f"bodyLen={len(message.body)}"
    )


def reproduce(line: dict[str, Any]) -> None:
    """Check that a line says what it says and encodes back whole."""
    data = line["bytes"]
    rebuilt = b""
    messages = decode_whole(line)
    assert messages
    for number, (envelope, payload) in enumerate(messages):
        request = line["direction"] == "request"
        encrypted = envelope.flags & EnvelopeFlag.ENCRYPTED
        facts = {} if encrypted else message_facts(envelope, payload, request=request)
        if number == 0 and "decoded" in line and not encrypted:
            said = json.loads(json.dumps(line["decoded"]))
            if "reassembled" in line["name"]:
                said["envelope"]["sequence"] = 0  # the lines quote their last packet's
            assert_says({"envelope": envelope_facts(envelope), **facts}, said)
        if number == 0 and "note" in line:
            message = None if encrypted else decode_message(payload)
            note = re.sub(r"op=(\d+)\([^)]*\)", r"op=\1", line["note"])
            assert note.startswith(note_facts(envelope, message))
        assert envelope.message_length == len(payload)
        rebuilt += envelope.encode() + payload
    assert rebuilt == data


def listed_exceptions() -> dict[tuple[str, str, str], str]:
    """Return the table of the README: line (name, direction, transport) → what the codec says."""
    rows = re.findall(
        r"^\| `(\S+)` \| (\w+) \| (\w+) \| `(\w+)` \| \S.* \|$",
        (VECTORS / "README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    return {(name, direction, transport): said for name, direction, transport, said in rows}


EXCEPTIONS = listed_exceptions()


def key_of(line: dict[str, Any]) -> tuple[str, str, str]:
    return line["name"], line["direction"], line["transport"]


WHOLE = [line for line in EXCHANGED if not is_packet(line) and key_of(line) not in EXCEPTIONS]


@by_id(WHOLE)
def test_a_message_says_what_its_line_says_and_encodes_back(line):
    reproduce(line)


def test_the_lines_that_cannot_be_reproduced_are_exactly_the_listed_ones():
    said = {}
    for line in CLIENTS + SERVER:
        if line["direction"] not in {"request", "response"} or is_packet(line):
            continue
        try:
            reproduce(line)
        except ProtocolError as error:
            said[key_of(line)] = type(error).__name__
        except AssertionError:
            said[key_of(line)] = "differs"
    assert said == EXCEPTIONS


def groups_of_packets() -> list[list[dict[str, Any]]]:
    """Return the datagrams of each multi-packet message, in the order of the files."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    repeated: dict[tuple[Any, ...], int] = {}
    for line in EXCHANGED:
        if not is_packet(line) or key_of(line) in EXCEPTIONS:
            continue
        envelope = decode_envelope(line["bytes"])
        repeat = re.sub(r"\D*", "", line["name"].rpartition("#")[2] if "#" in line["name"] else "")
        name = re.sub(r"/response-packet-\d+.*", repeat, line["name"])
        key = (name, line["direction"], envelope.request_id)
        if any(
            decode_envelope(other["bytes"]).sequence == envelope.sequence
            for other in groups.get((*key, repeated.get(key, 0)), [])
        ):
            repeated[key] = repeated.get(key, 0) + 1
        groups.setdefault((*key, repeated.get(key, 0)), []).append(line)
    return list(groups.values())


PACKETS = groups_of_packets()
PACKET_IDS = [group[0]["id"] for group in PACKETS]


@pytest.mark.parametrize("group", PACKETS, ids=PACKET_IDS)
def test_datagrams_join_in_any_order_to_a_message_that_splits_back_into_them(group):
    for order in (group, group[::-1], group + group):
        reassembly = Reassembly()
        joined = [reassembly.add("peer", line["bytes"], 0.0) for line in order[: len(group)]]
        assert joined[:-1] == [None] * (len(group) - 1)
        assert joined[-1] is not None
        envelope, payload = joined[-1]
        assert len(reassembly) == 0
        marked = bool(envelope.flags & EnvelopeFlag.TRUNCATED)
        in_sequence = sorted(group, key=lambda line: decode_envelope(line["bytes"]).sequence)
        datagrams = split(envelope, payload, mark_truncated=marked)
        assert datagrams == [line["bytes"] for line in in_sequence]
        message_facts(envelope, payload, request=group[0]["direction"] == "request")
    for line in group:
        envelope = decode_envelope(line["bytes"])
        if "note" in line:
            assert line["note"].startswith(note_facts(envelope, None))
        else:
            assert envelope_facts(envelope) == line["decoded"]["envelope"]
            assert len(line["bytes"]) - 20 == line["decoded"]["dataBytes"]


def test_joined_datagrams_are_the_reassembled_lines():
    wanted = [line["bytes"][20:] for line in CLIENTS if "reassembled" in line["name"]]
    joined = []
    for group in PACKETS:
        reassembly = Reassembly()
        found = [reassembly.add(0, line["bytes"], 0.0) for line in group][-1]
        assert found is not None
        joined.append(found[1])
    assert all(payload in joined for payload in wanted)


@by_id([line for line in WHOLE if line["transport"] == "tcp" or len(line["bytes"]) < 2048])
def test_a_stream_cut_anywhere_gives_the_same_messages(line):
    data = b"\n" + line["bytes"] + line["bytes"]
    whole = Framer().feed(data)
    assert b"".join(envelope.encode() + payload for envelope, payload in whole) == 2 * line["bytes"]
    framer = Framer()
    half = len(data) // 2
    assert framer.feed(data[:half]) + framer.feed(data[half:]) == whole
    framer = Framer()
    dripped = [found for at in range(len(data)) for found in framer.feed(data[at : at + 1])]
    assert dripped == whole
    framer.finish()


# --- encryption, digests, proofs, signatures ------------------------------------------------------------


@by_id([line for line in CLIENTS if "decrypted" in line["decoded"]])
def test_an_encrypted_message_decrypts_and_encrypts_back(line):
    decoded = line["decoded"]
    [(envelope, payload)] = decode_whole(line)
    assert envelope_facts(envelope) == decoded["envelope"]
    algorithm = SessionCipher.SM4 if "SM4" in decoded["cipher"] else SessionCipher.AES
    key = bytes.fromhex(decoded["sessionKeyHex"])
    version = versions.version_of(envelope)
    plain = decrypt(payload, key, algorithm, version)
    assert plain.hex() == decoded["plaintextHex"]
    assert encrypt(plain, key, algorithm, version, payload[:16]) == payload
    facts = message_facts(envelope, plain, request=line["direction"] == "request")
    assert_says(facts, decoded["decrypted"])


def earlier(line: dict[str, Any], wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the nearest line before this one that is wanted."""
    before = CLIENTS[: CLIENTS.index(line)]
    return next(other for other in reversed(before) if wanted(other))


def checked(name: str) -> list[dict[str, Any]]:
    return [
        line
        for line in CLIENTS
        if name in line.get("checks", {}) and "header" in line["decoded"] and not is_packet(line)
    ]


@by_id(checked("requestDigest"))
def test_a_request_digest_is_that_of_its_request(line):
    [(envelope, payload)] = decode_whole(line)
    response = decode_message(payload)
    found, _ = digest.split_digest(response.body, response.op_flags)
    assert found is not None
    request = earlier(
        line,
        lambda other: (
            other["direction"] == "request"
            and other["decoded"]["envelope"]["requestId"] == envelope.request_id
        ),
    )
    signed = decode_message(request["bytes"][20:]).signed
    assert (digest.digest_of(signed, found.algorithm) == found) is line["checks"]["requestDigest"][
        "verified"
    ]


def identity_of(handle: bytes, index: int) -> dict[str, Any]:
    wanted = f"{index}:{handle.decode()}".lower()
    return next(entry for entry in KEYS["identities"] if entry["id"].lower() == wanted)


@by_id(checked("answer"))
def test_a_proof_verifies_as_its_line_says(line):
    [(envelope, payload)] = decode_whole(line)
    answer = challenge.decode_answer(decode_message(payload).body)
    asked = earlier(
        line,
        lambda other: (
            other["decoded"].get("header", {}).get("responseCode") == 402
            and other["decoded"]["envelope"]["sessionId"] == envelope.session_id
        ),
    )
    response = decode_message(asked["bytes"][20:])
    proven = challenge.decode_challenge(response.body, response.op_flags).proven
    identity = identity_of(answer.handle, answer.index)
    if answer.type == challenge.SECRET_KEY:
        secret = identity["secret"].encode()
        genuine = secret_answer.verify_proof(
            secret, proven, answer.proof, versions.version_of(envelope)
        )
    else:
        key = keys.decode_public_key(KEYS["keys"][identity["key"]]["publicKeyPem"].encode())
        name, signature = signatures.decode_proof(answer.proof)
        assert signatures.encode_proof(name, signature) == answer.proof
        genuine = signatures.verify(key, name, signature, proven, signer=answer.handle)
    assert genuine is line["checks"]["answer"]["verified"]


@by_id([line for line in CLIENTS if "serverSignature" in line.get("checks", {})])
def test_a_message_signature_verifies_with_the_server_key(line):
    [(envelope, payload)] = decode_whole(line)
    message = decode_message(payload)
    found = credential.decode_credential(message.credential)
    key = keys.decode_public_key(KEYS["server"]["publicKeyPem"].encode())
    genuine = signatures.verify_message(key, envelope, message.signed, found)
    assert genuine is line["checks"]["serverSignature"]["ok"]


# --- value data ------------------------------------------------------------------------------------------


def datas(*wanted: str) -> list[dict[str, Any]]:
    return [line for line in DATA if set(wanted) <= set(line["decoded"])]


@by_id(datas("value"))
def test_a_value_record_says_what_its_line_says_and_encodes_back(line):
    reader = Reader(line["bytes"])
    packed = values.join([reader.value()])
    reader.finish()
    assert packed[4:] == line["bytes"]
    assert_says({"value": value_facts(packed)[0]}, line["decoded"])


@by_id(datas("permissions", "trailingHex"))
def test_an_admin_value_says_what_its_line_says_and_encodes_back(line):
    admin = decode_admin(line["bytes"])
    assert encode_admin(admin) == line["bytes"]
    assert line["decoded"] == {
        "permissions": f"0x{admin.permissions:04x}",
        "handle": admin.handle.decode(),
        "index": admin.index,
        "trailingHex": "0000" if admin.legacy else "",
    }


@by_id(datas("references"))
def test_a_value_list_says_what_its_line_says_and_encodes_back(line):
    members = decode_vlist(line["bytes"])
    assert encode_vlist(members) == line["bytes"]
    assert line["decoded"]["references"] == [
        {"handle": member.handle.decode(), "index": member.index} for member in members
    ]


@by_id(datas("dataFormatVersion"))
def test_a_site_value_says_what_its_line_says_and_encodes_back(line):
    record = site.decode_site(line["bytes"])
    assert site.encode_site(record) == line["bytes"]
    assert_says(site_facts(record), line["decoded"])


@by_id(datas("keyType"))
def test_a_tagged_public_key_encodes_back(line):
    assert keys.encode_public_key(keys.decode_public_key(line["bytes"])) == line["bytes"]


@by_id(datas("serverNumber"))
def test_a_handle_falls_to_the_server_that_its_line_says(line):
    said = line["decoded"]
    number = site.server_number(said["handle"].encode(), said["hashOption"], said["servers"])
    assert number == said["serverNumber"]


@by_id([line for line in DATA if "/answer-seckey" in line["name"]])
def test_a_secret_key_proof_is_made_and_verified(line):
    version_text = line["name"].rpartition("-v")[2]
    major, minor = (int(part) for part in version_text.split("."))
    quoted = next(
        other for other in DATA if f"/answered-digest-v{version_text}-alg" in other["name"]
    )
    proven = bytes(range(16)) + quoted["bytes"]
    proof, secret = line["bytes"], b"test-secret"
    assert secret_answer.verify_proof(secret, proven, proof, (major, minor))
    assert not secret_answer.verify_proof(b"other", proven, proof, (major, minor))
    assert secret_answer.make_proof(secret, proven, (major, minor), proof[5:21]) == proof


def test_key_vectors_encode_to_their_tagged_and_their_pem_form():
    for entry in [KEYS["server"], *KEYS["keys"].values()]:
        key = keys.decode_public_key(entry["publicKeyPem"].encode())
        body = b"".join(keys.encode_pem(key).split())
        assert body == b"".join(entry["publicKeyPem"].encode().split())
        tagged = entry.get("publicKeyHandleEncodingHex")
        if tagged:
            assert keys.encode_public_key(key).hex() == tagged
            assert keys.encode_public_key(keys.decode_public_key(bytes.fromhex(tagged))).hex() == (
                tagged
            )
