"""SM2 keys and signatures.

* A genuine signature verifies; any change of signature, message, user or key makes it fail.
* A point off the curve is no key; the SubjectPublicKeyInfo reads back.
* SM3 gives the digest of the standard's own example.
"""

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from idnode.registry.handle.crypto import sm2
from idnode.registry.handle.wire.errors import MalformedKey

# GB/T 32918.2 on the recommended curve: the widely published example with the default user id.
KEY = sm2.Sm2PublicKey(
    0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020,
    0xCCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13,
)
USER, MESSAGE = b"1234567812345678", b"message digest"
SIGNATURE = encode_dss_signature(
    0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3,
    0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA,
)


def test_sm3_of_the_standard_example():
    assert sm2.sm3(b"abc").hex() == (
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )


def test_a_genuine_signature_verifies():
    assert sm2.verify(KEY, SIGNATURE, MESSAGE, USER)


def test_any_change_makes_it_fail():
    r, s = decode_dss_signature(SIGNATURE)
    generator = sm2.Sm2PublicKey(sm2._GX, sm2._GY)
    assert not sm2.verify(KEY, SIGNATURE, b"other", USER)
    assert not sm2.verify(KEY, SIGNATURE, MESSAGE, b"other")
    assert not sm2.verify(generator, SIGNATURE, MESSAGE, USER)
    for pair in [(r, s + 1), (r + 1, s), (0, s), (r, 0), (sm2.ORDER, s), (r, sm2.ORDER - r)]:
        assert not sm2.verify(KEY, encode_dss_signature(*pair), MESSAGE, USER)


@pytest.mark.parametrize("signature", [b"", b"garbage", SIGNATURE[:-1], SIGNATURE + b"x"])
def test_bytes_that_are_no_signature_fail(signature):
    assert not sm2.verify(KEY, signature, MESSAGE, USER)


@pytest.mark.parametrize(("x", "y"), [(0, 0), (1, 1), (-1, 5), (sm2._P, 1), (KEY.x, KEY.y + 1)])
def test_a_point_off_the_curve_is_no_key(x, y):
    with pytest.raises(MalformedKey):
        sm2.Sm2PublicKey(x, y)


def test_a_subject_public_key_info_reads_back():
    der = sm2.encode_spki(KEY)
    assert sm2.decode_spki(der) == KEY
    for broken in (b"", der[:-1], der + b"x", der[1:]):
        with pytest.raises(MalformedKey):
            sm2.decode_spki(broken)


def test_the_arithmetic_knows_infinity_and_doubling():
    point = (KEY.x, KEY.y, 1)
    opposite = (KEY.x, -KEY.y % sm2._P, 1)
    infinity = sm2._add(point, opposite)
    assert infinity[2] == 0
    assert sm2._add(point, infinity) == point
    assert sm2._add(infinity, point) == point
    assert sm2._double(infinity)[2] == 0
    assert sm2._add(point, point) == sm2._double(point)
    assert sm2._times(sm2.ORDER, point)[2] == 0
