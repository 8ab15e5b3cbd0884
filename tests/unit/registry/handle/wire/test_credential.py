"""The credential section.

* It reads back; the inner section's length is believed only within the whole.
* Every cut is refused.
"""

import pytest

from idnode.registry.handle.wire.credential import (
    MAC,
    SIGNED,
    MessageCredential,
    decode_credential,
    encode_credential,
)
from idnode.registry.handle.wire.errors import FieldTooShort


@pytest.mark.parametrize(
    "found",
    [
        MessageCredential(SIGNED, b"SHA-256", b"signature"),
        MessageCredential(MAC, b"HMAC-SHA256", bytes(32), counter=7, signer_handle=b"88.900/a"),
        MessageCredential(b"HS_DSAPUBKEY", b"SHA1", b"", -1, b"", 1, 2, 3),
    ],
)
def test_a_credential_reads_back(found):
    assert decode_credential(encode_credential(found)) == found


def test_every_cut_of_a_credential_is_refused():
    section = encode_credential(MessageCredential(SIGNED, b"SHA-256", b"signature"))
    for end in range(len(section)):
        with pytest.raises(FieldTooShort):
            decode_credential(section[:end])


def test_the_signature_may_not_reach_past_its_section():
    section = encode_credential(MessageCredential(SIGNED, b"SHA1", b"signature"))
    longer = section.replace(b"\0\0\0\x09signature", b"\0\0\0\x0asignature") + b"x"
    with pytest.raises(FieldTooShort):
        decode_credential(longer)
