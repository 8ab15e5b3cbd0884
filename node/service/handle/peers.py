"""Peers that need to be told apart, by the versions that only they send (handle-protocol.md §1.5, §2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from idnode.registry.handle.wire.envelope import Envelope

_ID_SDK_FIRST_HOP: Final = ((2, 3), (2, 10))
_ID_POINTER: Final = ((2, 10), (2, 11))


def is_id_sdk(envelope: Envelope) -> bool:
    """Return whether the peer is ID-SDK.

    It takes "not responsible" for a fault of the server, and cannot answer a challenge to a resolution.
    """
    return _versions(envelope) == _ID_SDK_FIRST_HOP


def is_id_pointer(envelope: Envelope) -> bool:
    """Return whether the peer is id-pointer, which sends one and the same session id on every connection."""
    return _versions(envelope) == _ID_POINTER


def _versions(envelope: Envelope) -> tuple[tuple[int, int], tuple[int, int]]:
    return (
        (envelope.major, envelope.minor),
        (envelope.suggested_major, envelope.suggested_minor),
    )
