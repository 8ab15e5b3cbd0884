"""Tokens: opaque to whoever holds one, and checked without remembering any.

A token is the account's number and the end of its life, signed with HMAC-SHA256 by a key that lies in the
data directory. It lives 24 hours (snms-api.md §4); a new login does not void an older token, and removing
the key file voids all.
"""

import hashlib
import hmac
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Final

from idnode.node.service.directory.refusals import TokenRefused

LIFE_SECONDS: Final = 24 * 3600
KEY_FILE: Final = "tokens.key"

APPLICATIONS: Final = b"jwt"
"""What keys of the tokens of applications are derived for."""

_KEY_BYTES: Final = 32
_CLAIM: Final = struct.Struct(">QQ")
_TOKEN_CHARACTERS: Final = 64


class Tokens:
    """Issues and reads tokens; ``now`` is epoch seconds."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def renew(self, key: bytes) -> None:
        """Sign with another key from now on, which voids every token."""
        self._key = key

    def derived(self, purpose: bytes) -> bytes:
        """Return a key for tokens of another form, which a renewal voids, too."""
        return hmac.new(self._key, purpose, hashlib.sha256).digest()

    def issue(self, account_id: int, now: float) -> str:
        """Return a token for an account."""
        claim = _CLAIM.pack(account_id, int(now) + LIFE_SECONDS)
        return urlsafe_b64encode(claim + self._signature(claim)).decode()

    def read(self, token: str, now: float) -> int:
        """Return the number of the account that a token was issued to.

        Raises:
            TokenRefused: Not one of ours, altered, or past its life.

        """
        if len(token) != _TOKEN_CHARACTERS or not token.isascii():
            raise self._unknown(token)
        try:
            found = urlsafe_b64decode(token)
        except ValueError as error:
            raise TokenRefused("The token is not one of this node's", "garbage") from error
        claim, signature = found[: _CLAIM.size], found[_CLAIM.size :]
        if not hmac.compare_digest(signature, self._signature(claim)):
            raise TokenRefused("The token is not one of this node's", "garbage")
        account_id, until = _CLAIM.unpack(claim)
        if now >= until:
            raise TokenRefused("The token has expired", "expired")
        return int(account_id)

    def is_own(self, token: str) -> bool:
        """Return whether a token was issued to an account, however long ago."""
        try:
            self.read(token, now=0.0)
        except TokenRefused:
            return False
        return True

    def _unknown(self, token: str) -> TokenRefused:
        """Return the error for a token of another form: a JSON Web Token of an application is told apart."""
        claims, _, signature = token.rpartition(".")
        made = hmac.new(self.derived(APPLICATIONS), claims.encode(errors="replace"), hashlib.sha256)
        if hmac.compare_digest(
            urlsafe_b64encode(made.digest()).rstrip(b"="), signature.encode(errors="replace")
        ):
            return TokenRefused("The token is one of an IDHub application", "application")
        return TokenRefused("The token is not one of this node's", "garbage")

    def _signature(self, claim: bytes) -> bytes:
        return hmac.new(self._key, claim, hashlib.sha256).digest()


def load_or_make_key(folder: Path) -> bytes:
    """Return the signing key in a folder, made at the first call; readable by its owner only.

    Raises:
        OSError: It cannot be read or written.

    """
    path = folder / KEY_FILE
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        found = b""
    return found if len(found) == _KEY_BYTES else make_key(folder)


def make_key(folder: Path) -> bytes:
    """Put a fresh signing key into a folder and return it.

    Raises:
        OSError: It cannot be written.

    """
    path = folder / KEY_FILE
    folder.mkdir(parents=True, exist_ok=True)
    key = secrets.token_bytes(_KEY_BYTES)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_bytes(key)
    fresh.replace(path)
    return key
