"""A session with a server, from the client's side: its key, its counter, its cipher (handle-protocol.md §7)."""

import secrets
from dataclasses import dataclass
from typing import Final

from idnode.registry.handle.proofs.session_cipher import decrypt, encrypt
from idnode.registry.handle.types.hs_pubkey import DhPublicKey
from idnode.registry.handle.wire.constants import CREDENTIAL_NONE, EnvelopeFlag, SessionCipher
from idnode.registry.handle.wire.credential import MAC, MessageCredential, encode_credential
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.versions import message_mac, version_of

DH_PRIME: Final = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)
"""The 2048-bit group of RFC 3526, for agreeing on a key."""

_GENERATOR: Final = 2
_EXPONENT_BITS: Final = 320
_VECTOR_BYTES: Final = 16


def dh_private() -> int:
    """Return a secret exponent for `DH_PRIME`."""
    return secrets.randbits(_EXPONENT_BITS) | 1 << (_EXPONENT_BITS - 1)


def dh_half(private: int) -> DhPublicKey:
    """Return the public half that goes with a secret exponent."""
    return DhPublicKey(pow(_GENERATOR, private, DH_PRIME), DH_PRIME, _GENERATOR)


@dataclass(slots=True)
class ClientSession:
    """A session that was set up. With ``encrypted`` its messages are encrypted besides authenticated."""

    number: int
    key: bytes
    cipher: int = SessionCipher.AES
    encrypted: bool = False
    counter: int = 0

    def seal(self, envelope: Envelope, message: bytes) -> tuple[int, bytes]:
        """Return an unsigned message with the session's code, and the envelope flags to send it with."""
        self.counter += 1
        signed = message[: -len(CREDENTIAL_NONE)]
        algorithm, code = message_mac(envelope, signed, self.counter, self.key)
        section = encode_credential(MessageCredential(MAC, algorithm, code, self.counter))
        sealed = b"".join((signed, len(section).to_bytes(4, "big"), section))
        if not self.encrypted:
            return 0, sealed
        vector = secrets.token_bytes(_VECTOR_BYTES)
        data = encrypt(sealed, self.key, self.cipher, version_of(envelope), vector)
        return EnvelopeFlag.ENCRYPTED, data

    def open(self, envelope: Envelope, data: bytes) -> bytes:
        """Return an encrypted answer in clear.

        Raises:
            ProtocolError: It was not encrypted with the session's key.

        """
        return decrypt(data, self.key, self.cipher, version_of(envelope))
