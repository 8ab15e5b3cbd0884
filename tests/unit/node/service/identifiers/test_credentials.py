"""A secret proves an identity only by an HS_SECKEY at its index, raw or hashed."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.node.service.errors import AuthenticationFailed
from idnode.node.service.identifiers.credentials import Identity


async def test_the_right_secret_proves_the_identity(service):
    identity = Identity(b"0.na/88.900", 301)
    assert service.credentials.verify_secret(identity, b"idnode-demo") == identity


@pytest.mark.parametrize(
    ("handle", "index", "secret"),
    [
        (b"0.NA/88.900", 301, b"idnode-dem"),
        (b"0.NA/88.900", 301, b""),
        (b"0.NA/88.900", 300, b"idnode-demo"),
        (b"0.NA/88.900", 7, b"idnode-demo"),
        (b"0.NA/88.901", 301, b"idnode-demo"),
        (b"", 301, b"idnode-demo"),
        (b"x" * 5000, 301, b"idnode-demo"),
    ],
)
async def test_anything_else_does_not(service, handle, index, secret):
    with pytest.raises(AuthenticationFailed):
        service.credentials.verify_secret(Identity(handle, index), secret)


async def test_index_zero_tries_every_secret_and_stays_zero(service, put):
    await put(
        b"88.900.1/user", (5, b"HS_SECKEY", b"first", 0x0C), (6, b"hs_seckey", b"second", 0x0C)
    )
    found = service.credentials.verify_secret(Identity(b"88.900.1/user", 0), b"second")
    assert found == Identity(b"88.900.1/user", 0)


async def test_a_hashed_secret_is_matched_in_either_case(service, put):
    digest = hashlib.sha1(b"s3cret").hexdigest()
    await put(
        b"88.900.1/user",
        (1, b"HS_SECKEY", digest.encode()),
        (2, b"HS_SECKEY", digest.upper().encode()),
    )
    for index in (1, 2):
        service.credentials.verify_secret(Identity(b"88.900.1/user", index), b"s3cret")


async def test_forty_hexadecimal_digits_may_also_be_the_secret_itself(service, put):
    token = b"0123456789abcdef0123456789abcdef01234567"
    await put(b"88.900.1/user", (1, b"HS_SECKEY", token))
    service.credentials.verify_secret(Identity(b"88.900.1/user", 1), token)


async def test_an_empty_stored_secret_proves_nobody(service, put):
    await put(b"88.900.1/user", (1, b"HS_SECKEY", b""))
    with pytest.raises(AuthenticationFailed):
        service.credentials.verify_secret(Identity(b"88.900.1/user", 1), b"")


async def test_no_other_bytes_pass(service):
    @given(st.binary(max_size=64), st.binary(max_size=32), st.integers(-5, 400))
    def attempt(secret, handle, index):
        with pytest.raises(AuthenticationFailed):
            service.credentials.verify_secret(
                Identity(b"0.NA/88.900" + handle, index), b"!" + secret
            )

    attempt()
