"""Options out of their bounds are refused when they are made."""

import pytest

from idnode.registry.embedded.limits import SEGMENT_SPAN_BYTES
from idnode.registry.embedded.options import SEGMENT_BYTES_MIN, RegisterOptions


@pytest.mark.parametrize(
    "wrong",
    [
        {"segment_bytes": SEGMENT_BYTES_MIN - 1},
        {"segment_bytes": SEGMENT_SPAN_BYTES + 1},
        {"interval_seconds": 0},
        {"compact_dead_share": 0},
    ],
)
def test_options_out_of_bounds_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RegisterOptions(**wrong)


def test_the_bounds_themselves_are_taken():
    RegisterOptions(segment_bytes=SEGMENT_BYTES_MIN)
    RegisterOptions(segment_bytes=SEGMENT_SPAN_BYTES)
