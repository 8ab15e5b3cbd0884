"""Digests of requests, which responses carry in front of their body (handle-protocol.md §5)."""

import hashlib
from dataclasses import dataclass
from typing import Final

from idnode.registry.handle.wire.constants import DigestAlgorithm, OpFlag
from idnode.registry.handle.wire.cursor import Reader, Writer
from idnode.registry.handle.wire.errors import EncodingError, UnknownForm

_SIZES: Final = {DigestAlgorithm.MD5: 16, DigestAlgorithm.SHA1: 20, DigestAlgorithm.SHA256: 32}
_NAMES: Final = {
    DigestAlgorithm.MD5: "md5",
    DigestAlgorithm.SHA1: "sha1",
    DigestAlgorithm.SHA256: "sha256",
}


@dataclass(frozen=True, slots=True)
class RequestDigest:
    """A digest of a request's header and body, with its `constants.DigestAlgorithm`."""

    algorithm: int
    digest: bytes


def digest_of(signed: bytes, algorithm: int) -> RequestDigest:
    """Return the digest of header and body (`Message.signed`); `versions` knows the algorithm.

    Raises:
        EncodingError: No such algorithm.

    """
    if algorithm not in _NAMES:
        raise EncodingError(f"Unknown digest algorithm: {algorithm}")
    hashed = hashlib.new(_NAMES[algorithm], signed, usedforsecurity=False)
    return RequestDigest(algorithm, hashed.digest())


def encode_digest(digest: RequestDigest) -> bytes:
    """Return the digest with its leading algorithm byte."""
    return Writer().u1(digest.algorithm).raw(digest.digest).done()


def read_digest(reader: Reader) -> RequestDigest:
    """Read a digest with its leading algorithm byte.

    Raises:
        UnknownForm: An algorithm that has no size here.
        FieldTooShort: The digest reaches past the end.

    """
    return _digest(reader.u1(), reader)


def read_either_digest(reader: Reader) -> RequestDigest:
    """Read a digest with its leading algorithm byte or, as some encoders write it, with its length in front.

    Raises:
        UnknownForm: An algorithm, or a length, that is none of a digest here.
        FieldTooShort: The digest reaches past the end.

    """
    first = reader.u1()
    if first:
        return _digest(first, reader)
    # No algorithm is 0: it is the first byte of a length.
    length = int.from_bytes(reader.take(3), "big")
    algorithm = next((each for each, size in _SIZES.items() if size == length), None)
    if algorithm is None:
        raise UnknownForm("digest length", length)
    return RequestDigest(algorithm, reader.take(length))


def _digest(algorithm: int, reader: Reader) -> RequestDigest:
    if algorithm not in _SIZES:
        raise UnknownForm("digest algorithm", algorithm)
    return RequestDigest(algorithm, reader.take(_SIZES[algorithm]))


def split_digest(body: bytes, op_flags: int) -> tuple[RequestDigest | None, bytes]:
    """Return a response's digest, if the flags say that there is one, and the body proper.

    Raises:
        UnknownForm: An algorithm that has no size here.
        FieldTooShort: The digest reaches past the end.

    """
    if not op_flags & OpFlag.REQUEST_DIGEST:
        return None, body
    reader = Reader(body)
    return read_digest(reader), reader.rest()
