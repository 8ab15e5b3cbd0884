"""Dissects whole messages: envelope, header, body, credential (handle-protocol.md §§1 to 7).

Which fields a body has follows from the operation and from whether it is a request or an answer. Fields that prove
or are secrets are marked: proofs, passwords, keys, session keys, the data of HS_SECKEY values, and everything that
could not be read.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from idnode.registry.handle.dissection.fields import Field, FieldReader, OutOfBytes
from idnode.registry.handle.dissection.plain import is_plain
from idnode.registry.handle.dissection.values import read_value_list
from idnode.registry.handle.wire.constants import (
    ENVELOPE_BYTES,
    EnvelopeFlag,
    KeyExchange,
    OpCode,
    OpFlag,
    ResponseCode,
    name_of_op,
    name_of_response,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_OP_FLAGS: Final = {
    value: name.lower()
    for name, value in vars(OpFlag).items()
    if isinstance(value, int) and not name.startswith("_")
}
_ENVELOPE_FLAGS: Final = {
    EnvelopeFlag.COMPRESSED: "compressed",
    EnvelopeFlag.ENCRYPTED: "encrypted",
    EnvelopeFlag.TRUNCATED: "truncated",
}
_DIGEST_BYTES: Final = {1: 16, 2: 20, 3: 32}


def dissect(data: bytes) -> Field:
    """Return the tree of fields of an envelope and the message behind it, whatever the bytes are."""
    root = Field("message", 0, len(data))
    reader = FieldReader(data, root, 0, len(data))
    with suppress(OutOfBytes):
        _read_all(reader)
    return root


def redacted(data: bytes) -> bytes:
    """Return the bytes with every secret field overwritten by zeros."""
    if is_plain(data):
        return data
    clean = bytearray(data)
    for _depth, each in dissect(data).walk():
        if each.secret:
            clean[each.offset : each.offset + each.length] = bytes(each.length)
    return bytes(clean)


def _read_all(reader: FieldReader) -> None:
    envelope = reader.group("envelope")
    try:
        encrypted, partial = _read_envelope(envelope)
    finally:
        reader.close(envelope)
    if encrypted:
        reader.rest("encrypted message", secret=True)
        return
    if partial:
        reader.rest("part of a message", secret=True)
        return
    header = reader.group("header")
    try:
        op_code, response_code, flags, length = _read_header(header)
    finally:
        reader.close(header)
    end = min(reader.at + length, reader.end)
    body = reader.group("body", f"{length} bytes" if length else "empty")
    body.end = end
    with suppress(OutOfBytes):
        _read_body(body, op_code, response_code, flags)
    body.at = end
    reader.close(body)
    if reader.remaining >= 4:
        _read_credential(reader)
    reader.rest("behind the message", secret=True)


def _read_envelope(reader: FieldReader) -> tuple[bool, bool]:
    """Return whether the message is encrypted, and whether only a part of it is here."""
    reader.integer("major version", 1)
    reader.integer("minor version", 1)
    mixed = reader.integer(
        "flags, suggested major version",
        1,
        lambda value: f"{_names(value & 0xE0, _ENVELOPE_FLAGS)}, {value & 0x1F}",
    )
    reader.integer("suggested minor version", 1)
    reader.integer("session id", 4)
    reader.integer("request id", 4)
    sequence = reader.integer("sequence number", 4)
    length = reader.integer("message length", 4)
    partial = bool(sequence) or length > len(reader.data) - ENVELOPE_BYTES
    return bool(mixed & EnvelopeFlag.ENCRYPTED), partial and len(reader.data) > ENVELOPE_BYTES


def _read_header(reader: FieldReader) -> tuple[int, int, int, int]:
    op_code = reader.integer("op code", 4, lambda code: f"{code} {name_of_op(code)}")
    response_code = reader.integer(
        "response code",
        4,
        lambda code: f"{code} {name_of_response(code)}" if code else "0 (request)",
    )
    flags = reader.integer("op flags", 4, lambda value: f"{value:#010x} {_names(value, _OP_FLAGS)}")
    reader.integer("site serial number", 2)
    reader.integer("recursion count", 1)
    reader.integer("reserved", 1)
    reader.integer("expiration", 4, _time)
    length = reader.integer("body length", 4)
    return op_code, response_code, flags, length


def _read_body(reader: FieldReader, op_code: int, response_code: int, flags: int) -> None:
    if flags & OpFlag.REQUEST_DIGEST and response_code:
        _read_digest(reader)
    if response_code == ResponseCode.AUTHENTICATION_NEEDED:
        reader.string("nonce", secret=True)
        reader.rest("request digest", secret=True)
    elif response_code in _REFERRALS:
        reader.string("referral handle")
        if reader.remaining >= 4:
            read_value_list(reader)
    elif response_code not in {0, ResponseCode.SUCCESS}:
        _read_failure(reader)
    else:
        layouts = _ANSWERS if response_code else _REQUESTS
        layouts.get(op_code, _read_unknown)(reader)
    # Behind the fields of a query or a listing comes nothing that could be secret but a token.
    reader.rest("behind the body's fields", secret=True)


def _read_failure(reader: FieldReader) -> None:
    if reader.remaining >= 4:
        reader.string("message")
    if reader.remaining >= 4:
        for number in range(reader.count("indexes")):
            reader.integer(f"index {number}", 4, signed=True)


def _read_digest(reader: FieldReader) -> None:
    digest = reader.group("request digest")
    try:
        algorithm = digest.integer("algorithm", 1)
        digest.raw("digest", _DIGEST_BYTES.get(algorithm, digest.remaining), secret=True)
    finally:
        reader.close(digest)


def _read_query(reader: FieldReader) -> None:
    reader.string("handle")
    for number in range(reader.count("index count")):
        reader.integer(f"index {number}", 4, signed=True)
    for number in range(reader.count("type count")):
        reader.string(f"type {number}")
    if reader.remaining >= 4:
        reader.string("authorization", secret=True)


def _read_record(reader: FieldReader) -> None:
    reader.string("handle")
    read_value_list(reader)


def _read_removal(reader: FieldReader) -> None:
    reader.string("handle")
    for number in range(reader.count("index count")):
        reader.integer(f"index {number}", 4, signed=True)


def _read_handle(reader: FieldReader) -> None:
    if reader.remaining:
        reader.string("handle")


def _read_handles(reader: FieldReader) -> None:
    for number in range(reader.count("handle count")):
        reader.string(f"handle {number}")


def _read_challenge_answer(reader: FieldReader) -> None:
    reader.string("authentication type")
    reader.string("handle")
    reader.integer("index", 4, signed=True)
    reader.string("proof", secret=True)


def _read_verification(reader: FieldReader) -> None:
    reader.string("handle")
    reader.integer("index", 4, signed=True)
    reader.string("nonce", secret=True)
    reader.rest("digest and proof", secret=True)


def _read_password_login(reader: FieldReader) -> None:
    reader.string("username")
    if reader.data[reader.at : reader.at + 4] != bytes(4):
        # A client with another layout has its password here.
        reader.rest("no login's layout", secret=True)
        return
    reader.integer("index count", 4)
    for _number in range(reader.count("password count")):
        reader.string("password", secret=True)


def _read_login(reader: FieldReader) -> None:
    reader.string("handle")
    reader.integer("index", 4, signed=True)


def _read_session_request(reader: FieldReader) -> None:
    mode = reader.integer("mode", 2)
    reader.integer("time-out", 4, lambda value: f"{value} s", signed=True)
    reader.string("identity handle")
    reader.integer("identity index", 4, signed=True)
    if mode in {KeyExchange.CLIENT_CIPHER, KeyExchange.DIFFIE_HELLMAN}:
        reader.string("public key", show=lambda key: f"{len(key)} bytes")
    if mode == KeyExchange.HANDLE_CIPHER:
        reader.string("exchange key handle")
        reader.integer("exchange key index", 4, signed=True)


def _read_session_answer(reader: FieldReader) -> None:
    reader.integer("mode", 2)
    reader.string("key", secret=True)


def _read_site(reader: FieldReader) -> None:
    reader.raw("site record", reader.remaining, f"{reader.remaining} bytes")


def _read_unknown(reader: FieldReader) -> None:
    reader.rest("body of an operation without a known layout", secret=True)


def _read_nothing(_reader: FieldReader) -> None:
    """Read an empty body."""


def _read_credential(reader: FieldReader) -> None:
    section = reader.group("credential")
    try:
        length = section.integer("length", 4)
        end = min(section.at + length, section.end)
        section.end = end
        if length:
            _read_credential_fields(section)
        section.at = end
    except OutOfBytes:
        pass
    reader.close(section, "" if section.parent.length > 4 else "none")


def _read_credential_fields(reader: FieldReader) -> None:
    reader.integer("version", 1)
    reader.integer("reserved", 1)
    reader.integer("options", 2)
    reader.string("signer handle")
    reader.integer("counter or signer index", 4, signed=True)
    reader.string("type")
    reader.integer("length of the signed information", 4)
    reader.string("digest algorithm")
    reader.string("signature", secret=True)
    reader.rest("behind the signature", secret=True)


_REFERRALS: Final = {ResponseCode.SERVICE_REFERRAL, ResponseCode.PREFIX_REFERRAL}

_REQUESTS: Final[dict[int, Callable[[FieldReader], None]]] = {
    OpCode.RESOLUTION: _read_query,
    OpCode.GET_SITE_INFO: _read_handle,
    OpCode.CREATE_HANDLE: _read_record,
    OpCode.DELETE_HANDLE: _read_handle,
    OpCode.ADD_VALUES: _read_record,
    OpCode.REMOVE_VALUES: _read_removal,
    OpCode.MODIFY_VALUES: _read_record,
    OpCode.LIST_HANDLES: _read_handle,
    OpCode.LIST_DERIVED_PREFIXES: _read_handle,
    OpCode.CHALLENGE_ANSWER: _read_challenge_answer,
    OpCode.VERIFY_CHALLENGE: _read_verification,
    OpCode.HOME_PREFIX: _read_handle,
    OpCode.UNHOME_PREFIX: _read_handle,
    OpCode.LIST_HOMED_PREFIXES: _read_handle,
    OpCode.SESSION_SETUP: _read_session_request,
    OpCode.SESSION_TERMINATE: _read_handle,
    OpCode.LOGIN_PASSWORD: _read_password_login,
    OpCode.LOGIN_ID_SYSTEM: _read_login,
}
"""Layout of a request's body, by op code."""

_ANSWERS: Final[dict[int, Callable[[FieldReader], None]]] = {
    OpCode.RESOLUTION: _read_record,
    OpCode.GET_SITE_INFO: _read_site,
    OpCode.CREATE_HANDLE: _read_handle,
    OpCode.DELETE_HANDLE: _read_nothing,
    OpCode.ADD_VALUES: _read_nothing,
    OpCode.REMOVE_VALUES: _read_nothing,
    OpCode.MODIFY_VALUES: _read_nothing,
    OpCode.LIST_HANDLES: _read_handles,
    OpCode.LIST_HOMED_PREFIXES: _read_handles,
    OpCode.SESSION_SETUP: _read_session_answer,
}
"""Layout of a successful answer's body, by op code."""


def _names(value: int, known: dict[int, str]) -> str:
    return " ".join(name for bit, name in known.items() if value & bit) or "none"


def _time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
