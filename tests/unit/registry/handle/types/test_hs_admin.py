"""HS_ADMIN data.

* It reads back, in its legacy length too.
* Permissions turn into their twelve characters and back; other texts are refused.
* Cut and overlong data is refused.
"""

import pytest

from idnode.registry.handle.types.hs_admin import (
    RIGHT_NAMES,
    AdminValue,
    Right,
    decode_admin,
    encode_admin,
    permissions_bits,
    permissions_text,
)
from idnode.registry.handle.wire.errors import FieldTooShort, UnexpectedBytes, UnknownForm

ADMIN = AdminValue(Right.ALL, b"0.NA/88.900", 200)


@pytest.mark.parametrize("legacy", [False, True])
def test_an_admin_value_reads_back_in_both_lengths(legacy):
    admin = AdminValue(Right.ADD_HANDLE, b"0.NA/88.900", 0, legacy)
    data = encode_admin(admin)
    assert len(data) == 10 + len(b"0.NA/88.900") + 2 * legacy
    assert decode_admin(data) == admin


@pytest.mark.parametrize("extra", [b"\0", b"\0\x01", b"\0\0\0"])
def test_other_lengths_are_refused(extra):
    with pytest.raises(UnexpectedBytes):
        decode_admin(encode_admin(ADMIN) + extra)


def test_every_cut_of_an_admin_value_is_refused():
    data = encode_admin(ADMIN)
    for end in range(len(data)):
        with pytest.raises(FieldTooShort):
            decode_admin(data[:end])


def test_permissions_turn_into_text_and_back():
    assert permissions_text(0x07F3) == "011111110011"
    assert permissions_bits("011111110011") == 0x07F3
    assert all(permissions_bits(permissions_text(bit)) == bit for bit in RIGHT_NAMES)
    assert RIGHT_NAMES[Right.LIST_HANDLES] == "list_handles"
    assert sum(RIGHT_NAMES) == Right.ALL


@pytest.mark.parametrize("text", ["", "1" * 11, "1" * 13, "01111111001x", "0b1111111111"])
def test_other_texts_are_no_permissions(text):
    with pytest.raises(UnknownForm):
        permissions_bits(text)
