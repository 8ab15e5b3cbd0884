"""Bounds that every register keeps, whatever its engine.

What a peer is told when a bound is hit is decided by the faces; here a bound only has a size.
"""

from typing import Final

BATCH_ITEMS_MAX: Final = 50_000
"""Most mutations in one submission."""

PAGE_HANDLES_MAX: Final = 100_000
"""Most handles in one page of a listing."""
