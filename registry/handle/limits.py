"""Bounds of the data model and of the protocols over it (handle-protocol.md §0 and §1.2).

What a peer is told when a bound is hit is decided by the faces; here a bound only has a size.
"""

from typing import Final

HANDLE_BYTES_MAX: Final = 4096
"""Longest handle in UTF-8 bytes. The protocol's own bound is 2048; the reference server stores longer ones."""

VALUES_MAX: Final = 4096
"""Most values in one record. The protocol's own bound is 2048; the reference server stores more."""

TYPE_BYTES_MAX: Final = 1024
"""Longest value type in UTF-8 bytes; real types are shorter than 64. One may be empty."""

MESSAGE_BYTES_MAX: Final = 262_144
"""Largest answer that deployed clients accept; one of them hangs on anything larger."""

RECORD_BYTES_MAX: Final = 256_000
"""Largest packed value list, so that each record fits into one answer with handle, digest and signature."""

TTL_SECONDS_MAX: Final = 2 * 86_400
"""Longest time that anybody keeps an answer, whatever its values say (handle-protocol.md §3.1)."""

SNMS_BATCH_ITEMS_MAX: Final = 2_000
"""Most identifiers of one call of the SNMS API; 100 to 1,500 are advised."""

assert RECORD_BYTES_MAX + HANDLE_BYTES_MAX + 2 * 1024 <= MESSAGE_BYTES_MAX
