"""Captured traffic of real clients and servers, both ways.

* Every message decodes to what its line says of it (``decoded`` or ``note``).
* What was decoded encodes back to the same bytes, the whole message and each value in it.
* A stream fed whole, in two halves or byte by byte gives the same messages; so do datagrams in
  any order.
* Encrypted messages decrypt with their session's key, and encrypt back.
* The lines that cannot be reproduced are exactly those that tests/vectors/README.md lists, each
  with what the codec says about it.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from idnode.registry.handle.proofs.session_cipher import decrypt, encrypt
from idnode.registry.handle.wire import credential, versions
from idnode.registry.handle.wire.constants import EnvelopeFlag, OpFlag, SessionCipher
from idnode.registry.handle.wire.datagrams import Reassembly, split
from idnode.registry.handle.wire.envelope import Envelope, decode_envelope
from idnode.registry.handle.wire.errors import ProtocolError
from idnode.registry.handle.wire.framing import Framer
from idnode.registry.handle.wire.message import Message, decode_message, encode_message

VECTORS = Path(__file__).parents[3] / "vectors"
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


def by_id(lines: list[dict[str, Any]]) -> Any:
    """Return a parametrization over lines."""
    return pytest.mark.parametrize("line", lines, ids=[line["id"] for line in lines])


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
        "signerHandle": found.signer_handle.decode(),
        "sessionCounter": found.counter,
        "type": found.type.decode(),
        "sectionLength": 8 + len(found.algorithm) + len(found.signature),
        "digestAlg": found.algorithm.decode(),
        "signatureHex": found.signature.hex(),
    }


def message_facts(
    body_of: Any, envelope: Envelope, data: bytes, *, request: bool
) -> dict[str, Any]:
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
    """Compare with a line's ``decoded``, in which texts stand beside their bytes."""

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


def reproduce(body_of: Any, line: dict[str, Any]) -> None:
    """Check that a line says what it says and encodes back whole."""
    data = line["bytes"]
    rebuilt = b""
    messages = decode_whole(line)
    assert messages
    for number, (envelope, payload) in enumerate(messages):
        request = line["direction"] == "request"
        encrypted = envelope.flags & EnvelopeFlag.ENCRYPTED
        facts = {} if encrypted else message_facts(body_of, envelope, payload, request=request)
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
def test_a_message_says_what_its_line_says_and_encodes_back(body_of, line):
    reproduce(body_of, line)


def test_the_lines_that_cannot_be_reproduced_are_exactly_the_listed_ones(body_of):
    said = {}
    for line in CLIENTS + SERVER:
        if line["direction"] not in {"request", "response"} or is_packet(line):
            continue
        try:
            reproduce(body_of, line)
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
def test_datagrams_join_in_any_order_to_a_message_that_splits_back_into_them(body_of, group):
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
        message_facts(body_of, envelope, payload, request=group[0]["direction"] == "request")
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


@by_id([line for line in CLIENTS if "decrypted" in line["decoded"]])
def test_an_encrypted_message_decrypts_and_encrypts_back(body_of, line):
    decoded = line["decoded"]
    [(envelope, payload)] = decode_whole(line)
    assert envelope_facts(envelope) == decoded["envelope"]
    algorithm = SessionCipher.SM4 if "SM4" in decoded["cipher"] else SessionCipher.AES
    key = bytes.fromhex(decoded["sessionKeyHex"])
    version = versions.version_of(envelope)
    plain = decrypt(payload, key, algorithm, version)
    assert plain.hex() == decoded["plaintextHex"]
    assert encrypt(plain, key, algorithm, version, payload[:16]) == payload
    facts = message_facts(body_of, envelope, plain, request=line["direction"] == "request")
    assert_says(facts, decoded["decrypted"])
