"""Header, body and credential section.

* A message encodes and decodes to the same fields, with and without a credential (and its section).
* ``signed`` is header and body as received.
* Every length is compared with what is there; deployed oddities are tolerated.
"""

import pytest

from idnode.registry.handle.wire.errors import (
    BodyTooLong,
    CredentialTooLong,
    EncodingError,
    MessageTooShort,
)
from idnode.registry.handle.wire.message import (
    Message,
    decode_message,
    encode_message,
    encode_response,
    encode_signed_part,
)

FIELDS = (1, 100, 0x80000002, 0xFFFF, 3, 1_700_000_000)


def message(body=b"body", credential=b"", **other):
    return Message(*FIELDS, body, credential, **other)


@pytest.mark.parametrize("credential", [b"", b"proof"])
def test_a_message_reads_back(credential):
    data = encode_message(message(credential=credential))
    found = decode_message(data)
    assert found == message(credential=credential, signed=data[:28])
    assert encode_message(found) == data


def test_an_unsigned_message_ends_in_four_zero_bytes():
    data = encode_response(1, 100, 0, 1, 2, b"body")
    assert data.endswith(b"body\0\0\0\0")
    assert len(data) == 24 + 4 + 4


def test_a_missing_credential_section_is_tolerated_and_stays_missing():
    data = encode_message(message())[:-4]
    found = decode_message(data)
    assert not found.sectioned
    assert found.credential == b""
    assert encode_message(found) == data


@pytest.mark.parametrize("extra", [b"\0", b"\0\0\0", b"\0\0\0\0more"])
def test_bytes_behind_the_message_are_tolerated(extra):
    assert decode_message(encode_message(message())[:-4] + extra).body == b"body"


@pytest.mark.parametrize("size", range(24))
def test_less_than_a_header_is_no_message(size):
    with pytest.raises(MessageTooShort) as caught:
        decode_message(bytes(size))
    assert caught.value.length == size


@pytest.mark.parametrize("length", [5, 9999, 0xFFFFFFFF])
def test_a_body_past_the_end_is_refused(length):
    data = bytes(20) + length.to_bytes(4, "big") + b"body"
    with pytest.raises(BodyTooLong) as caught:
        decode_message(data)
    assert (caught.value.declared, caught.value.available) == (length, 4)


def test_a_credential_past_the_end_is_refused():
    with pytest.raises(CredentialTooLong) as caught:
        decode_message(encode_message(message(credential=b"proof"))[:-1])
    assert (caught.value.declared, caught.value.available) == (5, 4)


def test_the_signed_part_is_header_and_body():
    data = encode_message(message(credential=b"proof"))
    assert encode_signed_part(message(credential=b"proof")) == data[:28]


def test_a_field_that_does_not_fit_is_our_mistake():
    with pytest.raises(EncodingError):
        encode_response(1, 1, 1 << 32, 0, 0, b"")
