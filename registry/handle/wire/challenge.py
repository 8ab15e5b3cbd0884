"""Bodies of the challenge dialogue (handle-protocol.md §5 and §6.1).

A challenge (RC 402) quotes the request by its digest and adds a nonce; the answer (op 200)
proves an identity over both; a server may ask another one to check such a proof (op 201). The
proofs themselves are in `secret_answer` and `signatures`.
"""

from dataclasses import dataclass
from typing import Final

from idnode.registry.handle.wire.constants import DigestAlgorithm, OpFlag
from idnode.registry.handle.wire.cursor import Reader, Writer
from idnode.registry.handle.wire.digest import (
    RequestDigest,
    encode_digest,
    read_digest,
    read_either_digest,
)
from idnode.registry.handle.wire.versions import Version, digest_is_typed

SECRET_KEY: Final = b"HS_SECKEY"
PUBLIC_KEY: Final = b"HS_PUBKEY"

_MD5_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Challenge:
    """A nonce, and the digest of the request to be proven (None: the server quotes none)."""

    nonce: bytes
    digest: RequestDigest | None = None

    @property
    def proven(self) -> bytes:
        """Return what an answer's proof covers: nonce, then digest."""
        return self.nonce + (self.digest.digest if self.digest else b"")


@dataclass(frozen=True, slots=True)
class ChallengeAnswer:
    """Names who claims to have sent a request, and the proof; ``type`` is SECRET_KEY or PUBLIC_KEY."""

    type: bytes
    handle: bytes
    index: int
    proof: bytes


@dataclass(frozen=True, slots=True)
class Verification:
    """Holds what one server asks another to check: an identity's proof of a challenge."""

    handle: bytes
    index: int
    nonce: bytes
    digest: RequestDigest
    proof: bytes


def encode_challenge(challenge: Challenge, version: Version) -> bytes:
    """Return the body of an RC 402 in this version.

    From 2.1 the digest stands in front, typed, and the response's flags must have
    REQUEST_DIGEST set; 2.0 puts its MD5 behind the nonce.

    Raises:
        EncodingError: A field does not fit into its place.

    """
    writer = Writer()
    if challenge.digest and digest_is_typed(version):
        writer.raw(encode_digest(challenge.digest))
    writer.string(challenge.nonce)
    if challenge.digest and not digest_is_typed(version):
        writer.string(challenge.digest.digest)
    return writer.done()


def decode_challenge(body: bytes, op_flags: int) -> Challenge:
    """Return the challenge in the body of an RC 402 with these flags.

    Raises:
        FieldTooShort: A field reaches past the end of the body.
        UnknownForm: An unknown digest algorithm.

    """
    reader = Reader(body)
    if op_flags & OpFlag.REQUEST_DIGEST:
        digest = read_digest(reader)
        return Challenge(reader.string(), digest)
    nonce = reader.string()
    if reader.remaining == 4 + _MD5_BYTES:
        return Challenge(nonce, RequestDigest(DigestAlgorithm.MD5, reader.string()))
    return Challenge(nonce)


def encode_answer(answer: ChallengeAnswer) -> bytes:
    """Return the body of a challenge answer.

    Raises:
        EncodingError: The index does not fit into 32 bits.

    """
    writer = Writer().string(answer.type).string(answer.handle)
    return writer.i4(answer.index).string(answer.proof).done()


def decode_answer(body: bytes) -> ChallengeAnswer:
    """Return the answer in the body of an op 200.

    Raises:
        FieldTooShort: A field reaches past the end of the body.
        InvalidHandle: The handle is longer than 2048 bytes.

    """
    reader = Reader(body)
    return ChallengeAnswer(reader.string(), reader.handle(), reader.i4(), reader.string())


def encode_verification(verification: Verification) -> bytes:
    """Return the body of a verify-challenge request (op 201).

    Raises:
        EncodingError: A field does not fit into its place.

    """
    writer = Writer().string(verification.handle).i4(verification.index).string(verification.nonce)
    return writer.raw(encode_digest(verification.digest)).string(verification.proof).done()


def decode_verification(body: bytes) -> Verification:
    """Return the request in the body of an op 201; its digest comes in either form.

    Raises:
        FieldTooShort: A field reaches past the end of the body.
        UnknownForm: An unknown digest algorithm.
        InvalidHandle: The handle is longer than 2048 bytes.

    """
    reader = Reader(body)
    return Verification(
        reader.handle(), reader.i4(), reader.string(), read_either_digest(reader), reader.string()
    )


def encode_verdict(*, valid: bool) -> bytes:
    """Return the body of a verify-challenge answer."""
    return b"\x01" if valid else b"\0"


def decode_verdict(body: bytes) -> bool:
    """Return whether the other server found the proof valid.

    Raises:
        FieldTooShort: The body is empty.

    """
    return bool(Reader(body).u1() & 1)
