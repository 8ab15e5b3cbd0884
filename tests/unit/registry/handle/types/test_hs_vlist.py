"""HS_VLIST data.

* A group reads back, and every cut of it is refused.
"""

import pytest

from idnode.registry.handle.types.hs_vlist import Member, decode_vlist, encode_vlist
from idnode.registry.handle.wire.errors import CountTooLarge, FieldTooShort


def test_a_group_reads_back():
    members = (Member(b"0.NA/88.900", 300), Member("88.900/组".encode(), 0))
    assert decode_vlist(encode_vlist(members)) == members
    assert decode_vlist(encode_vlist(())) == ()


def test_every_cut_of_a_group_is_refused():
    data = encode_vlist((Member(b"a/b", 1), Member(b"c/d", 2)))
    for end in range(len(data)):
        with pytest.raises((FieldTooShort, CountTooLarge)):
            decode_vlist(data[:end])
