"""Names which certificates a client believes."""

import ssl
from pathlib import Path
from typing import Literal


def trust_of(ca_file: Path | str | None) -> ssl.SSLContext | Literal[True]:
    """Return what to trust: the certificates in a PEM file, or True for those of the system.

    Raises:
        ValueError: The file cannot be read, or holds no certificate.

    """
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ValueError(f"{ca_file} holds no certificate to trust: {error}") from error
