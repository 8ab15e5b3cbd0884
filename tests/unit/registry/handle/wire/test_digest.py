"""Digests of requests.

* They are made with the algorithm asked for and read back.
* A body is split only if its flags say that a digest stands in front.
"""

import pytest

from idnode.registry.handle.wire import digest
from idnode.registry.handle.wire.constants import OpFlag
from idnode.registry.handle.wire.errors import EncodingError, FieldTooShort, UnknownForm


@pytest.mark.parametrize(("algorithm", "size"), [(1, 16), (2, 20), (3, 32)])
def test_a_digest_reads_back_in_front_of_a_body(algorithm, size):
    found = digest.digest_of(b"request", algorithm)
    assert len(found.digest) == size
    body = digest.encode_digest(found) + b"body"
    assert digest.split_digest(body, OpFlag.REQUEST_DIGEST) == (found, b"body")
    assert digest.split_digest(body, 0) == (None, body)
    for end in range(1 + size):
        with pytest.raises(FieldTooShort):
            digest.split_digest(body[:end], OpFlag.REQUEST_DIGEST)


def test_unknown_algorithms_are_refused():
    with pytest.raises(UnknownForm):
        digest.split_digest(b"\x04" + bytes(64), OpFlag.REQUEST_DIGEST)
    with pytest.raises(EncodingError):
        digest.digest_of(b"request", 4)
