"""TLS on the HTTP port: what the node offers, made of a certificate and its key."""

import ssl
from pathlib import Path

from idnode.node.faces.http.client_certificates import ask_for_certificates


class CertificateUnusable(Exception):
    """A certificate and its key cannot be served; the message says which and why."""


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return TLS 1.2 and newer with this certificate chain. Clients are asked for a certificate.

    Raises:
        CertificateUnusable: A file is absent, no PEM, encrypted, or the key belongs to another certificate.

    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        # With an empty password an encrypted key is refused instead of asked about on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        raise CertificateUnusable(f"{certificate} with key {key}: {error}") from error
    ask_for_certificates(context)
    return context
