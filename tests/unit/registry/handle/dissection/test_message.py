"""Dissecting messages keeps these promises.

- Any bytes give a tree whose fields lie within the bytes and within their parents, in order; nothing is raised.
- Messages of deployed clients and servers are read to their last byte, field by field.
- Secrets, proofs, passwords, session keys and the data of secret keys are marked, and gone from the redacted bytes.
- What is taken for plain, and so kept as it is, has no secret field; resolutions of deployed software are plain.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.registry.handle import values
from idnode.registry.handle.dissection.message import dissect, redacted
from idnode.registry.handle.dissection.plain import is_plain
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.wire import challenge, login, resolution
from idnode.registry.handle.wire.administration import encode_record
from idnode.registry.handle.wire.constants import OpCode
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.message import encode_response

VECTORS = Path(__file__).parents[4] / "vectors"

SECRET = b"correct horse battery staple"


def wire(op_code, body, *, response_code=0, credential=b""):
    message = encode_response(
        op_code, response_code, 0x01000000, 1, 1_900_000_000, body, credential=credential
    )
    return Envelope(2, 11, 0, 2, 11, 0, 7, 0, len(message)).encode() + message


def captured():
    for name in ("handle-wire.jsonl", "handle-server-wire.jsonl"):
        for line in (VECTORS / name).read_text(encoding="utf-8").splitlines():
            found = json.loads(line)
            if found.get("hex"):
                yield bytes.fromhex(found["hex"])


CAPTURED = list(captured())


def check_tree(data):
    root = dissect(data)
    assert (root.offset, root.length) == (0, len(data))
    stack = [root]
    while stack:
        parent = stack.pop()
        at = parent.offset
        for child in parent.children:
            assert child.offset >= at, child
            at = child.offset + child.length
            assert at <= parent.offset + parent.length, (parent, child)
            stack.append(child)
    return root


def check_plain(data):
    """Return whether a message is plain; in that case nothing in it is secret and nothing of it unread."""
    plain = is_plain(data)
    if plain:
        fields = [field for _depth, field in dissect(data).walk()]
        assert not any(field.secret or field.text.startswith("malformed") for field in fields)
    return plain


def test_resolutions_of_deployed_software_are_plain():
    assert sum(map(check_plain, CAPTURED)) > 100


@given(st.sampled_from([each for each in CAPTURED if is_plain(each)]), st.data())
def test_a_plain_message_that_was_damaged_is_not_plain_unless_it_has_no_secret(data, draw):
    for _ in range(draw.draw(st.integers(1, 3))):
        at = draw.draw(st.integers(0, len(data) - 1))
        data = data[:at] + draw.draw(st.binary(max_size=4)) + data[at + 1 :]
    check_plain(data)


@given(st.binary(max_size=600))
def test_any_bytes_give_a_tree_within_them(data):
    check_tree(data)


@given(st.sampled_from(CAPTURED), st.data())
def test_damaged_messages_give_a_tree_within_them(data, draw):
    at = draw.draw(st.integers(0, len(data) - 1))
    check_tree(data[:at])
    check_tree(data[:at] + bytes([draw.draw(st.integers(0, 255))]) + data[at + 1 :])


def test_messages_of_deployed_software_are_read_whole():
    whole = 0
    for data in CAPTURED:
        names = {field.text for _depth, field in check_tree(data).walk()}
        whole += not any(name.startswith("malformed") for name in names)
    assert whole > 800


def test_a_resolution_is_shown_field_by_field():
    data = wire(1, resolution.encode_query(resolution.Query(b"88.900.1/hello", (1,), (b"URL",))))
    shown = {field.name: field.text for _depth, field in dissect(data).walk()}
    assert shown["op code"] == "1 resolution"
    assert shown["handle"] == '"88.900.1/hello"'
    assert (shown["index 0"], shown["type 0"]) == ("1", '"URL"')
    offsets = {field.name: field.offset for _depth, field in dissect(data).walk()}
    assert (offsets["op code"], offsets["handle"]) == (20, 44)


SECKEY = values.pack([HandleValue(301, "HS_SECKEY", SECRET), HandleValue(1, "URL", b"https://x")])

CARRIERS = {
    "create": wire(OpCode.CREATE_HANDLE, encode_record(b"88.900.1/x", SECKEY)),
    "answer": wire(1, resolution.encode_answer(b"88.900.1/x", SECKEY), response_code=1),
    "password": wire(
        OpCode.LOGIN_PASSWORD, login.encode_password_login(login.PasswordLogin(b"demo", SECRET))
    ),
    "proof": wire(
        OpCode.CHALLENGE_ANSWER,
        challenge.encode_answer(
            challenge.ChallengeAnswer(b"HS_SECKEY", b"0.NA/88.900", 301, SECRET)
        ),
    ),
    "nonce": wire(
        1, challenge.encode_challenge(challenge.Challenge(SECRET), (2, 11)), response_code=402
    ),
    "unknown operation": wire(999, SECRET),
    "behind the fields": wire(1, resolution.encode_query(resolution.Query(b"88.900.1/x")) + SECRET),
    "token": wire(
        1, resolution.encode_query(resolution.Query(b"88.900.1/x", authorization=SECRET))
    ),
    "credential": wire(
        1, resolution.encode_query(resolution.Query(b"88.900.1/x")), credential=SECRET
    ),
    "behind the message": wire(1, resolution.encode_query(resolution.Query(b"a/b"))) + SECRET,
    "private key in a value": wire(
        OpCode.ADD_VALUES,
        encode_record(
            b"88.900.1/x",
            values.pack([HandleValue(5, "KEY", b"-----BEGIN PRIVATE KEY-----\n" + SECRET)]),
        ),
    ),
}


@pytest.mark.parametrize("name", CARRIERS)
def test_no_secret_stays_in_what_is_kept(name):
    data = CARRIERS[name]
    clean = redacted(data)
    assert len(clean) == len(data)
    assert SECRET not in clean
    assert not any(SECRET.decode() in field.text for _depth, field in dissect(data).walk())
    assert not is_plain(data)


@given(st.sampled_from(sorted(CARRIERS)), st.integers(20, 400))
def test_no_secret_stays_when_the_message_is_cut(name, length):
    data = CARRIERS[name][:length]
    assert SECRET[:8] not in redacted(data)


@given(st.sampled_from(sorted(CARRIERS)), st.integers(20, 400))
def test_no_message_with_a_secret_is_plain_when_it_is_cut(name, length):
    check_plain(CARRIERS[name][:length])
