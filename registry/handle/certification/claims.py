"""Claims of signatures and certificates: HS_SIGNATURE of a record, HS_CERT of an identity (handle-protocol.md §3.7).

An identity is written ``300:0.NA/88.901``: the index of a key value, and its handle. Times are epoch seconds.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from idnode.registry.handle import values
from idnode.registry.handle.certification.tokens import (
    SigningKey,
    TokenMalformed,
    VerifyingKey,
    claims_of,
    key_as_json,
    key_from_json,
    sign_token,
)
from idnode.registry.handle.crypto.sm2 import sm3
from idnode.registry.handle.names import PREFIX_HANDLE_START, fold, prefix_of

if TYPE_CHECKING:
    from collections.abc import Iterable

SIGNATURE_TYPE: Final = b"HS_SIGNATURE"
CERTIFICATE_TYPE: Final = b"HS_CERT"
REVOKED_TYPE: Final = b"HS_CERT.REVOKED"
"""Digests of certificates of the same record that count no more, one a line: a form of our own."""

CERTIFICATE_INDEX: Final = 400
SIGNATURE_INDEX: Final = 400

EVERYTHING: Final = "everything"
THIS_HANDLE: Final = "thisHandle"
UNDER_PREFIX: Final = "handlesUnderThisPrefix"
DERIVED_PREFIXES: Final = "derivedPrefixes"

_DIGESTS: Final = {
    "SHA-256": lambda data: hashlib.sha256(data).digest(),
    "SHA-1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "SM3": sm3,
}
_DIGESTS_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class Permission:
    """A right of a certificate's owner: to sign ``everything``, or what a handle or prefix names."""

    kind: str
    handle: bytes = b""

    def covers(self, handle: bytes) -> bool:
        """Return whether it is right to sign a handle, or a certificate of it."""
        if self.kind == EVERYTHING:
            return True
        target, own = fold(handle), fold(self.handle)
        if self.kind == THIS_HANDLE:
            return target == own
        prefix = own.removeprefix(PREFIX_HANDLE_START)
        of_target = prefix_of(target)
        if of_target + b"/" == PREFIX_HANDLE_START:
            of_target = target[len(PREFIX_HANDLE_START) :]
        if self.kind == UNDER_PREFIX:
            return of_target == prefix
        return self.kind == DERIVED_PREFIXES and of_target.startswith(prefix + b".")


@dataclass(frozen=True, slots=True)
class Term:
    """From when to when something holds."""

    not_before: float
    expires: float


@dataclass(frozen=True, slots=True)
class Signer:
    """A signer: its identity and key, and how long what it signs holds."""

    identity: str
    key: SigningKey
    term: Term


@dataclass(frozen=True, slots=True)
class Signature:
    """The claims of a signature about a record: the digest of each value by its index."""

    issuer: str
    subject: bytes
    term: Term
    algorithm: str
    digests: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """The claims of a certificate about an identity: its key, and what it may sign."""

    issuer: str
    subject: str
    term: Term
    key: VerifyingKey
    permissions: tuple[Permission, ...]


def identity(index: int, handle: bytes) -> str:
    """Return an identity as text."""
    return f"{index}:{handle.decode()}"


def handle_of(who: str) -> bytes:
    """Return the handle of an identity, or of a handle alone."""
    index, colon, handle = who.partition(":")
    return (handle if colon and index.isdigit() else who).encode()


def digest_of_value(packed: bytes, algorithm: str) -> str:
    """Return the digest of one packed value: all but its index and timestamp.

    Raises:
        TokenMalformed: The algorithm is not known.

    """
    digest = _DIGESTS.get(algorithm)
    if digest is None:
        raise TokenMalformed(f"no digest algorithm that is known: {algorithm}")
    return base64.b64encode(digest(packed[8:])).decode()


def revocation_of(certificate: bytes) -> str:
    """Return what `REVOKED_TYPE` lists of a certificate."""
    return base64.b64encode(hashlib.sha256(certificate.strip()).digest()).decode()


def sign_record(
    handle: bytes, packed: bytes, signer: Signer, *, algorithm: str = "SHA-256"
) -> bytes:
    """Return the data of an HS_SIGNATURE value for the values of a record; signatures in it are left out."""
    digests = [
        {"index": span.index, "digest": digest_of_value(packed[span.start : span.end], algorithm)}
        for span in values.spans(packed)
        if span.type.upper() != SIGNATURE_TYPE
    ]
    claims = {
        "digests": {"alg": algorithm, "digests": digests},
        "iss": signer.identity,
        "sub": handle.decode(),
    }
    return sign_token(claims | _times(signer.term), signer.key)


def certify(
    subject: str,
    public_key: VerifyingKey,
    permissions: "Iterable[Permission]",
    signer: Signer,
) -> bytes:
    """Return the data of an HS_CERT value for an identity."""
    claims = {
        "perms": [
            {"perm": each.kind} | ({"handle": each.handle.decode()} if each.handle else {})
            for each in permissions
        ],
        "publicKey": key_as_json(public_key),
        "iss": signer.identity,
        "sub": subject,
    }
    return sign_token(claims | _times(signer.term), signer.key)


def read_signature(data: bytes) -> Signature:
    """Return what the data of an HS_SIGNATURE value claims, whoever signed it.

    Raises:
        TokenMalformed: It cannot be read.

    """
    found = claims_of(data)
    try:
        listed = found["digests"]
        digests = tuple(
            (int(each["index"]), str(each["digest"])) for each in listed["digests"][:_DIGESTS_MAX]
        )
        subject = handle_of(str(found["sub"]))
        return Signature(str(found["iss"]), subject, _term(found), str(listed["alg"]), digests)
    except (KeyError, TypeError, ValueError) as error:
        raise TokenMalformed(f"no signature of a record: {error!r}") from error


def read_certificate(data: bytes) -> Certificate:
    """Return what the data of an HS_CERT value claims, whoever signed it.

    Raises:
        TokenMalformed: It cannot be read.

    """
    found = claims_of(data)
    try:
        permissions = tuple(
            Permission(str(each["perm"]), str(each.get("handle") or "").encode())
            for each in found.get("perms") or ()
        )
        key = key_from_json(found["publicKey"])
        return Certificate(str(found["iss"]), str(found["sub"]), _term(found), key, permissions)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TokenMalformed(f"no certificate: {error!r}") from error


def _times(term: Term) -> dict[str, int]:
    start = int(term.not_before)
    return {"exp": int(term.expires), "nbf": start, "iat": start}


def _term(found: dict[str, Any]) -> Term:
    return Term(float(found.get("nbf", 0)), float(found["exp"]))
