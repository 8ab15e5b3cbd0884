"""Private keys in files of Handle.Net's own tools are read, encrypted or not, and refused in plain words if they are not.

- RSA with all its numbers or with two of them, and DSA; plain, or with AES under a passphrase.
- A wrong passphrase, none, an old encryption, and a file that is cut off anywhere are malformed, never anything else.
"""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from idnode.registry.handle.proofs.private_keys import decode_private_key
from idnode.registry.handle.wire.cursor import Writer
from idnode.registry.handle.wire.errors import ProtocolError

PASSPHRASE = b"open sesame"


@pytest.fixture(scope="module")
def rsa_key():
    return rsa.generate_private_key(65_537, 1024)


@pytest.fixture(scope="module")
def dsa_key():
    return dsa.generate_private_key(1024)


def text_of(kind, *numbers):
    writer = Writer().string(kind).u2(0)
    for number in numbers:
        writer.string(number.to_bytes(number.bit_length() // 8 + 1, "big"))
    return writer.done()


def texts_of_rsa(key):
    numbers = key.private_numbers()
    public = numbers.public_numbers
    whole = (
        *(public.n, public.e, numbers.d, numbers.p, numbers.q),
        *(numbers.dmp1, numbers.dmq1, numbers.iqmp),
    )
    return text_of(b"RSA_PRIVCRT_KEY", *whole), text_of(b"RSA_PRIV_KEY", public.n, numbers.d)


def plain(text):
    return b"\0\0\0\1" + text


def encrypted(text, *, bits=128, iterations=1000):
    salt, start = b"s" * 16, b"i" * 16
    key = hashlib.pbkdf2_hmac("sha1", PASSPHRASE, salt, iterations, bits // 8)
    padding = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    content = encryptor.update(padding.update(text) + padding.finalize()) + encryptor.finalize()
    head = Writer().u4(4).string(salt).u4(iterations).u4(bits)
    return head.string(start).string(content).done()


@pytest.mark.parametrize("place", [0, 1])
def test_rsa_is_read_plain_and_encrypted(rsa_key, place):
    text = texts_of_rsa(rsa_key)[place]
    wanted = rsa_key.private_numbers()
    for data in (plain(text), encrypted(text), encrypted(text, bits=256)):
        found = decode_private_key(data, PASSPHRASE).private_numbers()
        assert {found.p, found.q} == {wanted.p, wanted.q}
        assert found.public_numbers == wanted.public_numbers


def test_dsa_is_read(dsa_key):
    numbers = dsa_key.private_numbers()
    shared = numbers.public_numbers.parameter_numbers
    text = text_of(b"DSA_PRIV_KEY", numbers.x, shared.p, shared.q, shared.g)
    assert decode_private_key(plain(text)).private_numbers() == numbers


def test_what_cannot_be_read_is_malformed(rsa_key):
    text = texts_of_rsa(rsa_key)[0]
    good = encrypted(text)
    for data, passphrase in (
        (good, None),
        (good, b""),
        (good, b"wrong"),
        (b"\0\0\0\0" + good[4:], PASSPHRASE),
        (b"\0\0\0\2" + good[4:], PASSPHRASE),
        (b"\0\0\0\3" + good[4:], PASSPHRASE),
        (encrypted(b""), PASSPHRASE),
        (plain(text_of(b"RSA_PRIV_KEY", 15, 3)), None),
        (plain(text_of(b"RSA_PRIV_KEY", 0, 0)), None),
        (plain(text_of(b"DSA_PRIV_KEY", 1, 0, 0, 0)), None),
        (plain(text_of(b"RSA_PRIVCRT_KEY", *range(8))), None),
        (plain(text_of(b"SM2_PRIV_KEY", 1)), None),
        (good[:24] + b"\x7f\xff\xff\xff" + good[28:], PASSPHRASE),
    ):
        with pytest.raises(ProtocolError):
            decode_private_key(data, passphrase)


def test_a_file_that_is_cut_off_anywhere_is_malformed(rsa_key):
    text = texts_of_rsa(rsa_key)[0]
    for whole in (plain(text), encrypted(text)):
        for end in range(0, len(whole) - 1, 7):
            with pytest.raises(ProtocolError):
                decode_private_key(whole[:end], PASSPHRASE)
