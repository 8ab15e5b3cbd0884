"""Key pairs are made once, kept whole, and readable by their owner only."""

import base64

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from idnode.node.first_start.key_pairs import KEY_BITS, KeyFileUnusable, load_or_make


def test_a_key_pair_is_made_once(tmp_path):
    folder = tmp_path / "keys"
    made = load_or_make(folder, "88.900")
    again = load_or_make(folder, "88.900")
    assert made.private_numbers() == again.private_numbers()
    assert made.key_size == KEY_BITS


def test_the_private_key_is_for_its_owner_only(tmp_path):
    load_or_make(tmp_path, "88.900")
    assert (tmp_path / "88.900.private.pem").stat().st_mode & 0o777 == 0o600
    assert b"BEGIN PUBLIC KEY" in (tmp_path / "88.900.public.pem").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "88.900.private.pem",
        "88.900.public.pem",
    ]


@pytest.mark.parametrize("content", [b"", b"junk", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_file_that_holds_no_key_is_reported_and_kept(tmp_path, content):
    path = tmp_path / "88.900.private.pem"
    path.write_bytes(content)
    with pytest.raises(KeyFileUnusable, match=r"88\.900\.private\.pem"):
        load_or_make(tmp_path, "88.900")
    assert path.read_bytes() == content


@pytest.mark.parametrize("damaged", ["n", "p", "q", "d", "dmp1", "dmq1", "iqmp"])
def test_a_key_whose_numbers_do_not_belong_together_is_reported_and_kept(tmp_path, damaged):
    made = load_or_make(tmp_path, "88.900")
    numbers = made.private_numbers()
    number = getattr(numbers, damaged, None) or numbers.public_numbers.n
    sound = number.to_bytes((number.bit_length() + 7) // 8, "big")
    changed = sound[:9] + bytes([sound[9] ^ 1]) + sound[10:]
    content = made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert content.count(sound) == 1
    damaged_pem = b"".join(
        [
            b"-----BEGIN PRIVATE KEY-----\n",
            base64.encodebytes(content.replace(sound, changed)),
            b"-----END PRIVATE KEY-----\n",
        ]
    )
    path = tmp_path / "88.900.private.pem"
    path.write_bytes(damaged_pem)
    with pytest.raises(KeyFileUnusable, match=r"88\.900\.private\.pem"):
        load_or_make(tmp_path, "88.900")
    assert path.read_bytes() == damaged_pem
