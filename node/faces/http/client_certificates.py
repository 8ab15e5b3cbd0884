"""Client certificates: a TLS connection asks for one, and a login looks at what came.

A certificate of a Handle client names an identity, ``300:0.NA/88.900.1``, as its common name, and is believed when its
key is an HS_PUBKEY of that identity; who issued it, and until when it is good, says nothing. The handshake proves
that the client has the private key.
"""

from __future__ import annotations

import _ssl
import ctypes
import logging
import ssl
import sys
from typing import TYPE_CHECKING, Final

from idnode.node.faces.http.proof_fields import FieldsRefused, split_identity
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.handle.types.certificates import named_key
from idnode.registry.handle.wire.errors import ProtocolError

if TYPE_CHECKING:
    from aiohttp import web

_REQUEST: Final = 0x01
"""OpenSSL's SSL_VERIFY_PEER: a server asks, and goes on without a certificate."""

_log = logging.getLogger(__name__)


def _take_any(_verified: int, _store: object) -> int:
    """Go on with the handshake, whoever issued the certificate: the register decides about its key."""
    return 1


_CALLBACK: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
_TAKE_ANY: Final = _CALLBACK(_take_any)
"""Lives as long as the module: OpenSSL does not hold it."""


def ask_for_certificates(context: ssl.SSLContext) -> bool:
    """Have each TLS handshake ask for a client certificate, of any issuer; return whether it can be had.

    The ``ssl`` module only asks for certificates of issuers that it knows, and has no way to leave that check to
    the program, so OpenSSL itself is told, in the context that the object holds in its first field.
    """
    if sys.implementation.name != "cpython":
        return False
    try:
        openssl = ctypes.CDLL(getattr(_ssl, "__file__", None))
        set_verify, verify_mode = openssl.SSL_CTX_set_verify, openssl.SSL_CTX_get_verify_mode
    except (OSError, AttributeError) as error:
        _log.info("TLS client certificates are not taken: OpenSSL cannot be reached: %s", error)
        return False
    held = ctypes.c_void_p.from_address(id(context) + object.__basicsize__)
    set_verify.argtypes = (ctypes.c_void_p, ctypes.c_int, _CALLBACK)
    set_verify.restype = None
    verify_mode.argtypes = (ctypes.c_void_p,)
    set_verify(held, _REQUEST, _TAKE_ANY)
    return bool(verify_mode(held) == _REQUEST and context.verify_mode == ssl.CERT_OPTIONAL)


def certificate_of(request: web.Request) -> bytes | None:
    """Return the certificate, in DER, with which a request's connection began; None without one."""
    found = request.get_extra_info("ssl_object")
    certificate: bytes | None = None if found is None else found.getpeercert(binary_form=True)
    return certificate


def certified(certificate: bytes) -> tuple[Identity, bytes]:
    """Return identity and key of a certificate: the key as SubjectPublicKeyInfo in DER.

    Raises:
        FieldsRefused: It cannot be read, or its common name is no identity.

    """
    try:
        name, key = named_key(certificate)
    except ProtocolError as error:
        raise FieldsRefused(str(error)) from error
    handle, index = split_identity(name)
    return Identity(handle, index), key
