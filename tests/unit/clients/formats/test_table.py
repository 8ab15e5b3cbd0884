"""Files of identifiers are recognised by their beginning, and each format takes back what it wrote.

- Whatever a record holds comes back the same, or the format says that it has no form for it.
- A file that is broken is refused with the line at which it is; never with anything but `Unreadable`.
"""

from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idnode.clients.formats.item import item_of
from idnode.clients.formats.record import Record, Source, Target, Unreadable, Unsayable
from idnode.clients.formats.table import FORMATS, recognise
from idnode.registry.handle.model import HandleValue, Reference
from idnode.registry.handle.types.hs_admin import AdminValue, encode_admin
from idnode.registry.handle.types.hs_vlist import Member, encode_vlist

WRITTEN = [each for each in FORMATS.values() if each.write is not None]

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=12
) | st.sampled_from(["\\x41", "0x41", "\\N", 'a,b"c\nd', "\r", "UTF8 x", "DELETE 1/2", " a "])
HANDLES = st.builds("88.900.1/{}".format, TEXTS)
DATA = (
    TEXTS.map(str.encode)
    | st.binary(max_size=12)
    | st.builds(
        encode_admin,
        st.builds(AdminValue, st.integers(0, 0xFFFF), HANDLES.map(str.encode), st.integers(0, 400)),
    )
    | st.builds(
        encode_vlist,
        st.lists(st.builds(Member, HANDLES.map(str.encode), st.integers(0, 400)), max_size=2),
    )
)
TYPES = st.sampled_from(["URL", "HS_ADMIN", "HS_VLIST", "名称", "A.B"]) | TEXTS.filter(bool)
REFERENCES = st.lists(st.builds(Reference, HANDLES, st.integers(0, 9)), max_size=2).map(tuple)


@st.composite
def _records(draw):
    """Draw records with handles of their own and indexes that rise."""
    handles = sorted(draw(st.sets(HANDLES, min_size=1, max_size=3)))
    records = []
    for handle in handles:
        indexes = sorted(draw(st.sets(st.integers(1, 2**31 - 1), min_size=1, max_size=3)))
        ttls = st.one_of(
            st.tuples(st.just(0), st.integers(-5, 2**31 - 1)),
            st.tuples(st.just(1), st.integers(0, 2**31 - 1)),
        )
        values = []
        for index in indexes:
            ttl_type, ttl = draw(ttls)
            values.append(
                HandleValue(
                    index,
                    draw(TYPES),
                    draw(DATA),
                    ttl,
                    ttl_type,
                    draw(st.integers(0, 15)),
                    references=draw(REFERENCES),
                )
            )
        records.append(Record(handle, tuple(values)))
    return records


@pytest.mark.parametrize("written", WRITTEN, ids=lambda each: each.name)
@settings(max_examples=60)
@given(records=_records())
def test_what_is_written_is_recognised_and_read_back(written, records, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    count = iter(range(1000))

    def keep(data):
        path = folder / str(next(count))
        path.write_bytes(data)
        return path.name

    said = []
    for record in records:
        try:
            b"".join(written.write([record], Target(keep)))
        except Unsayable:
            continue
        said.append(record)
    text = b"".join(written.write(said, Target(keep)))
    if said:
        assert recognise(text) is written
    assert list(written.items(Source(BytesIO(text), folder))) == [item_of(each) for each in said]


def test_a_plain_record_can_be_said_by_every_format_that_is_written():
    record = Record("88.900.1/cup", (HandleValue(1, "URL", b"https://example.org/"),))
    target = Target(lambda _data: pytest.fail("nothing to keep beside"))
    for each in WRITTEN:
        assert list(each.items(Source(BytesIO(b"".join(each.write([record], target)))))) == [
            item_of(record)
        ]


EXAMPLES = {
    "ndjson": b'["88.900.1/a", [[1, "URL", "https://a"]]]\n',
    "json": b'{"responseCode": 1, "handle": "88.900.1/a", "values": [{"index": 1, "type": "URL", '
    b'"data": {"format": "string", "value": "https://a"}, "ttl": 86400}]}',
    "msgpack": b"\x91\x92\xac88.900.1/abc\x91\x93\x01\xa3URL\xa1a",
    "batch": b"\nCREATE 88.900.1/a\n1 URL 86400 1110 UTF8 https://a\n",
    "csv": b"handle,idx,type,data\n88.900.1/a,1,URL,https://a\n",
    "epic": b'[{"type": "URL", "parsed_data": "https://a", "idx": 1, "privs": "rwr-"}]',
}


@pytest.mark.parametrize("name", list(FORMATS))
def test_an_example_of_each_format_is_recognised(name):
    assert recognise(EXAMPLES[name]) is FORMATS[name]


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - {"msgpack"}))
def test_the_same_record_in_each_format_is_the_same_item(name):
    source = Source(BytesIO(EXAMPLES[name]), handle="88.900.1/a")
    found = list(FORMATS[name].items(source))
    assert found in (
        [b'["88.900.1/a", [[1, "URL", "https://a"]]]'],
        [b'["88.900.1/a",[[1,"URL","https://a",86400]]]'],
    )


@pytest.mark.parametrize(
    "head", [b"", b"\n", b"hello\n", b"{}", b"[]", b"<html>", b"a,b,c\n1,2,3\n"]
)
def test_what_is_none_of_them_is_not_recognised(head):
    assert recognise(head) is None


@pytest.mark.parametrize("name", list(FORMATS))
@given(text=st.binary(max_size=80), cut=st.integers(0, 80), example=st.booleans())
def test_any_bytes_are_read_or_refused(name, text, cut, example):
    mixed = EXAMPLES[name][:cut] + text if example else text
    recognise(mixed)
    with suppress(Unreadable):
        list(FORMATS[name].items(Source(BytesIO(mixed), Path("/nowhere"))))
