"""The certificates of a tree: issued by parents for their children at start, up to a root that the tree makes.

``300:0.NA/0.NA`` is the root, with the key of the national node; its public key lies in the tree's data directory as
``root.pem``, for whoever agrees on it. Every other node is ``300:0.NA/<prefix>``, certified by its parent for its own
prefix and what lies below. One record of each node that serves identifiers is signed, and so are, in one place, records whose
chains are broken on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from idnode.registry.handle import names
from idnode.registry.handle.certification.claims import (
    CERTIFICATE_INDEX,
    DERIVED_PREFIXES,
    EVERYTHING,
    SIGNATURE_INDEX,
    THIS_HANDLE,
    UNDER_PREFIX,
    Permission,
    Signer,
    Term,
    certify,
    identity,
    read_certificate,
    revocation_of,
    sign_record,
)
from idnode.registry.handle.certification.keys import fresh_key
from idnode.registry.handle.certification.tokens import TokenMalformed
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.prefix_record import PUBLIC_KEY_INDEX
from idnode.registry.handle.values import pack

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idnode.registry.handle.certification.tokens import SigningKey, VerifyingKey


DAY_SECONDS: Final = 86_400
TERM_SECONDS: Final = 365 * DAY_SECONDS
ROOT_FILE: Final = "root.pem"
ROOT: Final = identity(PUBLIC_KEY_INDEX, names.prefix_handle(names.PREFIX_OF_PREFIXES))

BROKEN: Final = ("expired", "wrong-parent", "other-value", "revoked", "unknown-root")
"""The records below a prefix whose chains are broken: ``<prefix>/broken-<name>``."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """A node as one that certifies and signs."""

    prefix: bytes
    key: SigningKey
    now: float
    root: bool = False

    @property
    def who(self) -> str:
        """The identity that it signs as."""
        return ROOT if self.root else identity_of(self.prefix)

    def signer(self, seconds: float = TERM_SECONDS) -> Signer:
        """Return it as a signer, from yesterday on for so many seconds."""
        start = self.now - DAY_SECONDS
        return Signer(self.who, self.key, Term(start, start + seconds))

    def certificate(self, prefix: bytes, key: VerifyingKey) -> bytes:
        """Return a certificate of the node that has a prefix."""
        handle = names.prefix_handle(prefix)
        rights = (Permission(UNDER_PREFIX, handle), Permission(DERIVED_PREFIXES, handle))
        return certify(identity_of(prefix), key, rights, self.signer())

    def root_certificate(self) -> bytes:
        """Return the certificate that the root issues for itself."""
        return certify(self.who, self.key.public_key(), [Permission(EVERYTHING)], self.signer())


def identity_of(prefix: bytes) -> str:
    """Return the identity of the node that has a prefix."""
    return identity(PUBLIC_KEY_INDEX, names.prefix_handle(prefix))


def still_good(data: bytes, issuer: str, key: VerifyingKey, now: float) -> bool:
    """Return whether a certificate that is there need not be issued anew: same issuer and key, a month left."""
    try:
        found = read_certificate(data)
    except TokenMalformed:
        return False
    in_time = found.term.not_before <= now and now + 30 * DAY_SECONDS < found.term.expires
    return in_time and found.issuer == issuer and found.key == key


def certificate_value(data: bytes, ttl: int) -> HandleValue:
    """Return the value that holds a certificate."""
    return HandleValue(CERTIFICATE_INDEX, "HS_CERT", data, ttl=ttl)


def signed(handle: bytes, values: Iterable[HandleValue], signer: Signer) -> list[HandleValue]:
    """Return the values of a record with a signature of them."""
    found = list(values)
    data = sign_record(handle, pack(found), signer)
    return [*found, HandleValue(SIGNATURE_INDEX, "HS_SIGNATURE", data)]


def sample(issuer: Issuer) -> tuple[bytes, list[HandleValue]]:
    """Return a signed record, to be verified by whoever tries."""
    handle = issuer.prefix + b"/signed"
    return handle, signed(handle, _plain("签名示例"), issuer.signer())


def broken_chains(issuer: Issuer) -> dict[bytes, list[HandleValue]]:
    """Return the records of `BROKEN`, and those of the identities that signed them; makes a key, and blocks."""
    stranger = fresh_key()
    prefix = issuer.prefix + b"/broken-"
    made = {prefix + b"expired": signed(prefix + b"expired", _plain("已过期"), issuer.signer(1))}
    handle = prefix + b"other-value"
    changed = signed(handle, _plain("原值"), issuer.signer())
    made[handle] = [replace(changed[0], data="被改过的值".encode()), *changed[1:]]
    for name, rights in (
        (b"wrong-parent", Permission(THIS_HANDLE, prefix + b"nothing")),
        (b"revoked", Permission(UNDER_PREFIX, names.prefix_handle(issuer.prefix))),
        (b"unknown-root", Permission(EVERYTHING)),
    ):
        handle, of_signer = prefix + name, prefix + name + b"-signer"
        who = identity(PUBLIC_KEY_INDEX, of_signer)
        by = replace(issuer.signer(), identity=who, key=stranger)
        certified_by = by if name == b"unknown-root" else issuer.signer()
        certificate = certify(who, stranger.public_key(), [rights], certified_by)
        made[of_signer] = [certificate_value(certificate, DAY_SECONDS)]
        if name == b"revoked":
            listed = revocation_of(certificate).encode()
            made[of_signer].append(HandleValue(402, "HS_CERT.REVOKED", listed))
        made[handle] = signed(handle, _plain(name.decode()), by)
    return made


def _plain(text: str) -> list[HandleValue]:
    return [
        HandleValue(1, "URL", b"https://example.org/signed"),
        HandleValue(2, "DESC", text.encode()),
    ]
