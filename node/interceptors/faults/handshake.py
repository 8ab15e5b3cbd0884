"""Faults of TLS connections that are being made, before there is a request."""

from __future__ import annotations

from typing import ClassVar, Literal

from idnode.node.interceptors.faults.actions import FaultAction


class CertificateAction(FaultAction):
    """Offers a certificate that does not fit: for another name, or one that has expired."""

    kind: Literal["certificate"]
    wrong: Literal["name", "expired"] = "name"
    handshake: ClassVar[bool] = True
