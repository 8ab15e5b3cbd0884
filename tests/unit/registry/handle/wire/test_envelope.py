"""The envelope.

* Its fields read back as written, flags and suggested version apart although they share a byte.
* Too few bytes and versions of another protocol are refused with the facts.
"""

import pytest

from idnode.registry.handle.wire.constants import EnvelopeFlag
from idnode.registry.handle.wire.envelope import Envelope, decode_envelope
from idnode.registry.handle.wire.errors import EncodingError, EnvelopeTooShort, UnsupportedVersion

ENVELOPE = Envelope(2, 3, EnvelopeFlag.TRUNCATED, 2, 11, 7, 0xFFFFFFFF, 1, 67)
WIRE = bytes.fromhex("0203220b00000007ffffffff0000000100000043")


def test_an_envelope_encodes_to_its_twenty_bytes():
    assert ENVELOPE.encode() == WIRE


def test_an_envelope_decodes_at_any_offset():
    assert decode_envelope(WIRE) == ENVELOPE
    assert decode_envelope(b"xyz" + WIRE + b"tail", 3) == ENVELOPE


@pytest.mark.parametrize("size", range(20))
def test_fewer_than_twenty_bytes_are_no_envelope(size):
    with pytest.raises(EnvelopeTooShort) as caught:
        decode_envelope(WIRE[:size])
    assert caught.value.received == size


def test_an_offset_behind_the_end_leaves_nothing():
    with pytest.raises(EnvelopeTooShort) as caught:
        decode_envelope(WIRE, 30)
    assert caught.value.received == 0


@pytest.mark.parametrize("major", [0, 1, 2, 3, 5])
def test_versions_that_the_reference_server_answers_are_accepted(major):
    assert decode_envelope(bytes([major]) + WIRE[1:]).major == major


@pytest.mark.parametrize("major", [6, 0x47, 255])
def test_other_versions_are_refused(major):
    with pytest.raises(UnsupportedVersion) as caught:
        decode_envelope(bytes([major]) + WIRE[1:])
    assert (caught.value.major, caught.value.minor) == (major, 3)


def test_a_field_that_does_not_fit_is_our_mistake():
    with pytest.raises(EncodingError):
        Envelope(2, 11, 0, 2, 11, 0, -1, 0, 0).encode()
