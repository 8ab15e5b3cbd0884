"""Body of a referral, RC 302 and 303 (handle-protocol.md §5): where else to ask."""

from dataclasses import dataclass

from idnode.registry.handle.wire.cursor import Reader, Writer


@dataclass(frozen=True, slots=True)
class Referral:
    """Tells where to ask instead.

    With an empty handle the packed ``values`` (HS_SITE, HS_SERV, …) are the referral, otherwise
    the handle's own record is. ``values`` is None when no list was sent at all.
    """

    handle: bytes = b""
    values: bytes | None = None


def decode_referral(body: bytes) -> Referral:
    """Return the referral; bytes behind it are ignored.

    Raises:
        FieldTooShort: A field reaches past the end of the body.
        CountTooLarge: A count is larger than what could follow it.
        InvalidHandle: The handle is longer than 4096 bytes.

    """
    reader = Reader(body)
    handle = reader.handle()
    return Referral(handle, reader.value_list() if reader.remaining >= 4 else None)


def encode_referral(referral: Referral) -> bytes:
    """Return the referral's body."""
    return Writer().string(referral.handle).raw(referral.values or b"").done()
