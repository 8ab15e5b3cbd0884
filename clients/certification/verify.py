"""Verification of a record, link by link, as steps without I/O.

It yields the handle whose values it needs, is sent them, and returns a `Verdict` with a link for the signature and one for
each certificate. Accepted is only what is right in every link: digests, times, signatures, rights, and the root as
agreed (secondary-node-functions.md §5.1).
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from idnode.registry.handle.certification.claims import (
    CERTIFICATE_TYPE,
    REVOKED_TYPE,
    SIGNATURE_TYPE,
    Certificate,
    Signature,
    Term,
    digest_of_value,
    handle_of,
    read_certificate,
    read_signature,
    revocation_of,
)
from idnode.registry.handle.certification.tokens import TokenMalformed, VerifyingKey, is_genuine
from idnode.registry.handle.names import fold
from idnode.registry.handle.printing import printable
from idnode.registry.handle.values import pack, spans

if TYPE_CHECKING:
    from idnode.registry.handle.model import HandleValue

LINKS_MAX: Final = 8
"""Most links of a chain."""

CANDIDATES_MAX: Final = 8
"""Most signatures, or certificates, of one record that are looked at."""

_Values = tuple["HandleValue", ...]
Steps = Generator[bytes, _Values, Any]


class Reason(StrEnum):
    """The outcomes of a link."""

    GOOD = "good"
    NO_SIGNATURE = "no signature"
    NO_CERTIFICATE = "no certificate"
    MALFORMED = "malformed"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    OTHER_SUBJECT = "other subject"
    DIGEST = "digest of another value"
    UNSIGNED_VALUE = "unsigned value"
    BAD_SIGNATURE = "bad signature"
    WRONG_PARENT = "wrong parent"
    REVOKED = "revoked"
    UNKNOWN_ROOT = "unknown root"
    TOO_LONG = "too long"


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a chain: what it is of, who issued it, and whether it is good."""

    subject: str
    issuer: str
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The links from the record up, as far as they were followed."""

    handle: str
    links: tuple[Link, ...]

    @property
    def trusted(self) -> bool:
        """Return whether every link is good, up to the root."""
        return bool(self.links) and all(link.reason is Reason.GOOD for link in self.links)


def verdict_object(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as a JSON object."""
    return {
        "handle": verdict.handle,
        "trusted": verdict.trusted,
        "links": [
            {
                "subject": link.subject,
                "issuer": link.issuer,
                "reason": str(link.reason),
                "detail": link.detail,
            }
            for link in verdict.links
        ],
    }


def verify(
    handle: bytes, values: _Values, *, roots: Mapping[str, VerifyingKey], now: float
) -> Generator[bytes, _Values, Verdict]:
    """Return whether the values of a handle are what somebody whom the roots vouch for has signed."""
    shown = printable(handle.decode(errors="replace"))
    signatures = _of_type(values, SIGNATURE_TYPE)[:CANDIDATES_MAX]
    links: tuple[Link, ...] = (Link(shown, "", Reason.NO_SIGNATURE),)
    for data in signatures:
        links = yield from _chain(handle, shown, values, data, roots, now)
        if all(link.reason is Reason.GOOD for link in links):
            break
    return Verdict(shown, links)


def _chain(  # noqa: PLR0913, PLR0917  # the parts of one question
    handle: bytes,
    shown: str,
    values: _Values,
    data: bytes,
    roots: Mapping[str, VerifyingKey],
    now: float,
) -> Generator[bytes, _Values, tuple[Link, ...]]:
    try:
        signature = read_signature(data)
        reason, detail = _judged(signature, handle, values, now)
    except TokenMalformed as error:
        return (Link(shown, "", Reason.MALFORMED, str(error)),)
    issuer = printable(signature.issuer)
    if reason is not Reason.GOOD:
        return (Link(shown, issuer, reason, detail),)
    above = yield from _Ascent(roots, now).links(data, handle, shown, signature.issuer)
    return tuple(above)


class _Ascent:
    """The way from a signed token to the root."""

    def __init__(self, roots: Mapping[str, VerifyingKey], now: float) -> None:
        self._roots = roots
        self._now = now

    def links(
        self, token: bytes, handle: bytes, shown: str, issuer: str
    ) -> Generator[bytes, _Values, list[Link]]:
        """Return a link for a token that is right in itself, and one for each certificate above it."""
        found: list[Link] = []
        while True:
            named = printable(issuer)
            if len(found) >= LINKS_MAX:
                return [*found, Link(shown, named, Reason.TOO_LONG)]
            record = yield handle_of(issuer)
            certificate, data, refusal = self._certificate(record, issuer)
            if certificate is None:
                return [*found, Link(shown, named, refusal)]
            if not is_genuine(token, certificate.key):
                return [*found, Link(shown, named, Reason.BAD_SIGNATURE)]
            if not any(each.covers(handle) for each in certificate.permissions):
                detail = f"{named} may not sign {shown}"
                return [*found, Link(shown, named, Reason.WRONG_PARENT, detail)]
            found.append(Link(shown, named, Reason.GOOD))
            parent = printable(certificate.issuer)
            if refusal is not Reason.GOOD:
                return [*found, Link(named, parent, refusal)]
            if certificate.issuer == certificate.subject:
                return [*found, Link(named, named, self._root(certificate, data))]
            token, handle, shown = data, handle_of(issuer), named
            issuer = certificate.issuer

    def _certificate(self, record: _Values, who: str) -> tuple[Certificate | None, bytes, Reason]:
        """Return an identity's certificate in its record, its data, and what is wrong with it by itself."""
        revoked = {
            line
            for data in _of_type(record, REVOKED_TYPE)
            for line in data.decode(errors="replace").split()
        }
        best: tuple[Certificate | None, bytes, Reason] = (None, b"", Reason.NO_CERTIFICATE)
        for data in _of_type(record, CERTIFICATE_TYPE)[:CANDIDATES_MAX]:
            try:
                certificate = read_certificate(data)
            except TokenMalformed:
                best = best if best[0] else (None, b"", Reason.MALFORMED)
                continue
            if fold(certificate.subject.encode()) != fold(who.encode()):
                continue
            reason = _in_time(certificate.term, self._now)
            if revocation_of(data) in revoked:
                reason = Reason.REVOKED
            if reason is Reason.GOOD:
                return certificate, data, reason
            best = certificate, data, reason
        return best

    def _root(self, certificate: Certificate, data: bytes) -> Reason:
        agreed = self._roots.get(certificate.subject)
        if agreed is None or agreed != certificate.key:
            return Reason.UNKNOWN_ROOT
        return Reason.GOOD if is_genuine(data, certificate.key) else Reason.BAD_SIGNATURE


def _judged(
    signature: Signature, handle: bytes, values: Sequence["HandleValue"], now: float
) -> tuple[Reason, str]:
    """Return whether a signature is right in itself: of this record as it is, and in time."""
    if fold(signature.subject) != fold(handle):
        return Reason.OTHER_SUBJECT, printable(signature.subject.decode(errors="replace"))
    in_time = _in_time(signature.term, now)
    if in_time is not Reason.GOOD:
        return in_time, ""
    digests = dict(signature.digests)
    packed = pack(values)
    for span in spans(packed):
        if span.type.upper() == SIGNATURE_TYPE:
            continue
        listed = digests.get(span.index)
        if listed is None:
            return Reason.UNSIGNED_VALUE, f"index {span.index}"
        if listed != digest_of_value(packed[span.start : span.end], signature.algorithm):
            return Reason.DIGEST, f"index {span.index}"
    return Reason.GOOD, ""


def _in_time(term: Term, now: float) -> Reason:
    if now >= term.expires:
        return Reason.EXPIRED
    return Reason.NOT_YET_VALID if now < term.not_before else Reason.GOOD


def _of_type(values: Sequence["HandleValue"], value_type: bytes) -> list[bytes]:
    return [value.data for value in values if value.type.upper().encode() == value_type]
