"""Body of a referral.

* Handle and values read back, and "no list sent" stays apart from an empty list.
"""

import pytest

from idnode.registry.handle import values
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.wire.referral import Referral, decode_referral, encode_referral


@pytest.mark.parametrize(
    "referral",
    [
        Referral(),
        Referral(b"0.NA/88.900"),
        Referral(b"", values.EMPTY),
        Referral(b"", values.pack([HandleValue(1, "HS_SITE", b"site")])),
    ],
)
def test_a_referral_reads_back(referral):
    assert decode_referral(encode_referral(referral)) == referral
