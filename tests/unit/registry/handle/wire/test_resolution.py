"""Bodies of a resolution.

* Queries and answers read back; id-pointer's authorization string is kept apart from "none sent".
* An empty body asks for the empty handle; unknown bytes behind the known fields are ignored.
* Lengths and counts past the end, and handles longer than the model allows, are refused.
"""

import pytest

from idnode.registry.handle import values
from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.wire.errors import CountTooLarge, FieldTooShort
from idnode.registry.handle.wire.resolution import (
    Query,
    decode_answer,
    decode_query,
    encode_answer,
    encode_query,
)

PACKED = values.pack([HandleValue(1, "URL", b"https://id.example.com")])


@pytest.mark.parametrize(
    "query",
    [
        Query(b"88.900/a"),
        Query(b""),
        Query("88.900/苏州".encode(), (1, -2)),
        Query(b"88.900/a", (), (b"URL", b"HS_.")),
        Query(b"88.900/a", (3,), (b"URL",), b""),
        Query(b"88.900/a", authorization=b"token"),
    ],
)
def test_a_query_reads_back(query):
    assert decode_query(encode_query(query)) == query


def test_an_empty_body_asks_for_the_empty_handle():
    assert decode_query(b"") == Query(b"")


@pytest.mark.parametrize("extra", [b"\0", b"\xff\xff\xff\xff", b"\0\0\0\x09short"])
def test_bytes_that_are_no_authorization_are_ignored(extra):
    assert decode_query(encode_query(Query(b"88.900/a")) + extra) == Query(b"88.900/a")


def test_every_cut_of_a_query_is_refused():
    body = encode_query(Query(b"88.900/a", (1, 2), (b"URL",)))
    for end in range(1, len(body)):
        with pytest.raises((FieldTooShort, CountTooLarge)):
            decode_query(body[:end])


@pytest.mark.parametrize("count", [3, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_count_of_more_than_could_follow_is_refused(count):
    body = b"\0\0\0\x01a" + count.to_bytes(4, "big") + bytes(8)
    with pytest.raises(CountTooLarge):
        decode_query(body)


def test_a_handle_length_past_the_end_is_a_short_field_however_large():
    with pytest.raises(FieldTooShort):
        decode_query(b"\xff\xff\xff\xff" + bytes(8))


def test_a_handle_longer_than_the_model_allows_is_refused():
    assert decode_query(encode_query(Query(b"x" * 4096))).handle == b"x" * 4096
    with pytest.raises(InvalidHandle):
        decode_query(encode_query(Query(b"x" * 4097)))


def test_an_answer_reads_back_without_what_follows_it():
    body = encode_answer(b"88.900/a", PACKED)
    assert decode_answer(body) == (b"88.900/a", PACKED)
    assert decode_answer(body + b"later field") == (b"88.900/a", PACKED)
