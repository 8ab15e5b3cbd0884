"""CSV dumps of Handle.Net's SQL table become records, however the database wrote them."""

from io import BytesIO

import pytest

from idnode.clients.formats.record import Source, Unreadable
from idnode.clients.formats.sql_csv import COLUMNS, CSV

HEADER = ",".join(COLUMNS) + "\n"


def _items(text):
    return list(CSV.items(Source(BytesIO(text.encode()))))


@pytest.mark.parametrize(
    "row",
    [
        "88.900.1/a,1,URL,https://a,0,86400,1700000000,,1,1,1,0",
        "88.900.1/a,1,URL,https://a,0,86400,1700000000,\\N,t,t,t,f",
        "\\x38382e3930302e312f61,1,\\x55524c,\\x68747470733a2f2f61,0,86400,0,,true,true,true,false",
        "0x38382E3930302E312F61,1,0x55524C,0x68747470733A2F2F61,0,86400,0,NULL,1,1,1,0",
    ],
)
@pytest.mark.parametrize("header", [HEADER, "", "\ufeff" + HEADER.upper()])
def test_bytes_and_booleans_are_read_as_each_database_writes_them(header, row):
    assert CSV.recognises((header + row).encode())
    assert _items(f"{header}{row}\r\n") == [b'["88.900.1/a",[[1,"URL","https://a",86400]]]']


def test_rows_of_one_handle_come_together_wherever_they_lie():
    rows = "handle,data,type,idx\nb/1,x,A,1\na/1,y,A,1\nb/1,z,B,2\n"
    found = _items(rows)
    assert found == [
        b'["a/1",[[1,"A","y",86400]]]',
        b'["b/1",[[1,"A","x",86400],[2,"B","z",86400]]]',
    ]
    assert [each.line for each in found] == [3, 2]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (HEADER + "a/b,1,URL\n", 2),
        (HEADER + 'a/b,1,URL,"x\ny",0,86400,0,,1,1,1,0\na/b,x,URL,x,0,86400,0,,1,1,1,0\n', 4),
        (HEADER + "a/b,1,URL,x,0,86400,0,zz,1,1,1,0\n", 2),
    ],
)
def test_what_is_no_value_is_refused_with_its_line(text, line):
    with pytest.raises(Unreadable) as refusal:
        _items(text)
    assert refusal.value.line == line
