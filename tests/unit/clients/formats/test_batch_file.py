"""Batch files of Handle.Net are read as its technical manual describes them.

- Every operation, with or without blank lines between; every kind of value.
- What is none is refused with its line.
"""

from io import BytesIO

import pytest

from idnode.clients.formats.batch_file import operations
from idnode.clients.formats.record import Unreadable
from idnode.registry.handle.types.hs_admin import Right, decode_admin
from idnode.registry.handle.types.hs_vlist import Member, decode_vlist

FILE = """\
AUTHENTICATE SECKEY:301:0.NA/88.900.1
CREATE is my secret

SESSIONSETUP
USESESSION:1
OPTIONS:111

CREATE 88.900.1/a
100 HS_ADMIN 86400 1110 ADMIN
300:110011111111:0.NA/88.900.1
300 HS_SECKEY 86400 1100 UTF8 my password
2 HS_SITE 86400 1110 FILE site.bin
400 HS_VLIST 86400 1110 LIST 300:88.900.1/U1; 301:88.900.1/U2;
CREATE 88.900.1/b c
1 URL -1 1110 UTF8

ADD 88.900.1/a
5 URL 86400 1110 UTF8 https://example.org/?a=b c

MODIFY 88.900.1/a
5 EMAIL 60 1111 UTF8 变速箱@example.org
REMOVE 5,6:88.900.1/a
DELETE 88.900.1/a
HOME 127.0.0.1:2641:TCP
0.NA/88.900.2
0.NA/88.900.3

UNHOME 127.0.0.1:2641:TCP
0.NA/88.900.2
"""


def _read(text, folder=None):
    return list(operations(BytesIO(text.encode()), folder))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_operation_of_the_manual_is_read(tmp_path, end):
    (tmp_path / "site.bin").write_bytes(b"\x00site")
    found = _read(FILE.replace("\n", end), tmp_path)
    assert [(each.name, each.line, each.subject) for each in found] == [
        ("AUTHENTICATE", 1, "SECKEY:301:0.NA/88.900.1"),
        ("SESSIONSETUP", 4, ""),
        ("CREATE", 8, "88.900.1/a"),
        ("CREATE", 14, "88.900.1/b c"),
        ("ADD", 17, "88.900.1/a"),
        ("MODIFY", 20, "88.900.1/a"),
        ("REMOVE", 22, "5,6:88.900.1/a"),
        ("DELETE", 23, "88.900.1/a"),
        ("HOME", 24, "127.0.0.1:2641:TCP"),
        ("UNHOME", 28, "127.0.0.1:2641:TCP"),
    ]
    assert found[0].lines == ["CREATE is my secret"]
    assert found[1].lines == ["USESESSION:1", "OPTIONS:111"]
    assert found[6].indexes_and_handle() == ([5, 6], "88.900.1/a")
    assert found[8].lines == ["0.NA/88.900.2", "0.NA/88.900.3"]


def test_every_kind_of_value_is_read(tmp_path):
    (tmp_path / "site.bin").write_bytes(b"\x00site")
    found = _read(FILE, tmp_path)
    admin, secret, site, group = found[2].values
    rights = Right.ALL & ~Right.ADD_PREFIX & ~Right.DELETE_PREFIX
    assert decode_admin(admin.data).permissions == rights
    assert (secret.data, secret.permissions) == (b"my password", 0b1100)
    assert site.data == b"\x00site"
    assert decode_vlist(group.data) == (Member(b"88.900.1/U1", 300), Member(b"88.900.1/U2", 301))
    assert (found[3].values[0].data, found[3].values[0].ttl) == (b"", -1)
    assert found[4].values[0].data == b"https://example.org/?a=b c"


def test_reading_values_stands_before_the_rights_on_administrators():
    (create,) = _read("CREATE a/b\n100 HS_ADMIN 86400 1110 ADMIN 300:000000010000:0.NA/a\n")
    assert decode_admin(create.values[0].data).permissions == Right.READ_VALUE


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("hello", 1),
        ("CREATE", 1),
        ("CREATE a/b\n1 URL 86400 1110 URL x", 2),
        ("CREATE a/b\n\n1 URL 86400 1110 UTF8 x", 3),
        ("CREATE a/b\nx URL 86400 1110 UTF8 x", 2),
        ("CREATE a/b\n0 URL 86400 1110 UTF8 x", 2),
        ("CREATE a/b\n1 URL 86400 111 UTF8 x", 2),
        ("CREATE a/b\n100 HS_ADMIN 86400 1110 ADMIN 300:0.NA/a", 2),
        ("CREATE a/b\n100 HS_ADMIN 86400 1110 ADMIN\n\n", 3),
        ("CREATE a/b\n100 HS_ADMIN 86400 1110 ADMIN", 2),
        ("CREATE a/b\n1 HS_VLIST 86400 1110 LIST x", 2),
        ("CREATE a/b\n1 HS_SITE 86400 1110 FILE no/such/file", 2),
    ],
)
def test_what_is_no_operation_is_refused_with_its_line(tmp_path, text, line):
    with pytest.raises(Unreadable) as refusal:
        _read(text, tmp_path)
    assert refusal.value.line == line
