"""Every bound of the embedded register, with its unit, its reason and the relations between bounds.

Source of the protocol's bounds: handle-protocol.md §0 and §1.2.
"""

from typing import Final

from idnode.registry.handle.limits import HANDLE_BYTES_MAX, RECORD_BYTES_MAX
from idnode.registry.limits import BATCH_ITEMS_MAX

PLACE_UNIT: Final = 8
"""Records start at multiples of this many bytes, which lets a place be counted in units of eight bytes."""

SEGMENT_SPAN_BYTES: Final = 1 << 30
"""Bytes of place space that one segment owns; no segment file may grow past it."""

SEGMENTS_MAX: Final = 8192
"""Most live segments; with the span above a place counted in units fits into 40 bits (8 TiB)."""

WRITE_QUEUE_ITEMS_MAX: Final = 200_000
"""Most mutations waiting for the writer; beyond it a submission is refused at once (busy)."""

WRITE_QUEUE_BYTES_MAX: Final = 256 << 20
"""Most bytes of handles and values waiting for the writer; beyond it a submission is refused at once."""

GROUP_ITEMS_MAX: Final = 20_000
"""Mutations after which a commit group closes."""

GROUP_BYTES_MAX: Final = 16 << 20
"""Bytes of log records after which a commit group closes."""

WHOLE_BYTES_MAX: Final = 256 << 20
"""Most bytes of log records of an all-or-nothing submission, which is one group and in one segment."""

assert BATCH_ITEMS_MAX <= WRITE_QUEUE_ITEMS_MAX
assert WHOLE_BYTES_MAX + RECORD_BYTES_MAX + HANDLE_BYTES_MAX + 4096 <= SEGMENT_SPAN_BYTES
assert SEGMENT_SPAN_BYTES % PLACE_UNIT == 0
