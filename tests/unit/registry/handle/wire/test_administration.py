"""Bodies of the operations that change or list records.

* Every body reads back; value lists stay packed bytes, unknown bytes behind the fields are ignored.
* Every cut of a body is refused.
"""

import pytest

from idnode.registry.handle import values
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.wire import administration
from idnode.registry.handle.wire.errors import CountTooLarge, FieldTooShort

PACKED = values.pack([HandleValue(1, "URL", b"u"), HandleValue(2, "EMAIL", b"e")])


def test_a_handle_reads_back_and_an_empty_body_names_the_empty_one():
    assert administration.decode_handle(administration.encode_handle(b"0.NA/88.900")) == (
        b"0.NA/88.900"
    )
    assert administration.decode_handle(b"") == b""


def test_a_record_reads_back():
    body = administration.encode_record(b"88.900/a", PACKED)
    assert administration.decode_record(body + b"ignored") == (b"88.900/a", PACKED)


def test_a_removal_reads_back():
    body = administration.encode_removal(b"88.900/a", (1, 300))
    assert administration.decode_removal(body) == (b"88.900/a", (1, 300))


@pytest.mark.parametrize("handle", [None, b"88.900/minted"])
def test_a_created_handle_reads_back(handle):
    assert administration.decode_created(administration.encode_created(handle)) == handle


def test_a_listing_reads_back():
    handles = (b"88.900/A", "88.900/苏州".encode())
    body = administration.encode_handle_list(handles)
    assert administration.decode_handle_list(body) == handles


@pytest.mark.parametrize(
    ("decode", "body"),
    [
        (administration.decode_handle, administration.encode_handle(b"88.900/a")),
        (administration.decode_record, administration.encode_record(b"88.900/a", PACKED)),
        (administration.decode_removal, administration.encode_removal(b"88.900/a", (1,))),
        (administration.decode_handle_list, administration.encode_handle_list((b"a", b"b"))),
    ],
)
def test_every_cut_of_a_body_is_refused(decode, body):
    for end in range(1, len(body)):
        with pytest.raises((FieldTooShort, CountTooLarge)):
            decode(body[:end])
