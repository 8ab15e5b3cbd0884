"""Digests, proofs and signatures in captured traffic.

* They verify as their lines say, recomputed from the messages around them.
* Answers made with a secret key come out as the clients' encoders made them.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from idnode.registry.handle.proofs import secret_answer, signatures
from idnode.registry.handle.types import hs_pubkey
from idnode.registry.handle.wire import challenge, credential, digest, versions
from idnode.registry.handle.wire.envelope import decode_envelope
from idnode.registry.handle.wire.message import decode_message

VECTORS = Path(__file__).parents[3] / "vectors"
KEYS = json.loads((VECTORS / "handle-wire-keys.json").read_text(encoding="utf-8"))


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
DATA = [line for line in CLIENTS if line["direction"] == "data"]


def by_id(lines: list[dict[str, Any]]) -> Any:
    """Return a parametrization over lines."""
    return pytest.mark.parametrize("line", lines, ids=[line["id"] for line in lines])


def earlier(line: dict[str, Any], wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the nearest line before this one that is wanted."""
    before = CLIENTS[: CLIENTS.index(line)]
    return next(other for other in reversed(before) if wanted(other))


def checked(name: str) -> list[dict[str, Any]]:
    return [
        line for line in CLIENTS if name in line.get("checks", {}) and "header" in line["decoded"]
    ]


@by_id(checked("requestDigest"))
def test_a_request_digest_is_that_of_its_request(line):
    envelope, payload = decode_envelope(line["bytes"]), line["bytes"][20:]
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
    envelope, payload = decode_envelope(line["bytes"]), line["bytes"][20:]
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
        key = hs_pubkey.decode_public_key(KEYS["keys"][identity["key"]]["publicKeyPem"].encode())
        name, signature = signatures.decode_proof(answer.proof)
        assert signatures.encode_proof(name, signature) == answer.proof
        genuine = signatures.verify(key, name, signature, proven, signer=answer.handle)
    assert genuine is line["checks"]["answer"]["verified"]


@by_id([line for line in CLIENTS if "serverSignature" in line.get("checks", {})])
def test_a_message_signature_verifies_with_the_server_key(line):
    envelope, payload = decode_envelope(line["bytes"]), line["bytes"][20:]
    message = decode_message(payload)
    found = credential.decode_credential(message.credential)
    key = hs_pubkey.decode_public_key(KEYS["server"]["publicKeyPem"].encode())
    genuine = signatures.verify_message(key, envelope, message.signed, found)
    assert genuine is line["checks"]["serverSignature"]["ok"]


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
