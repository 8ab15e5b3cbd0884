"""Batch files of Handle.Net are read as its own reader does, where that takes more than the manual says.

Names of operations and of kinds count in any case, lines end in any way, blanks around data are none of it, whatever
follows the first four permissions is nothing, and the file of an HS_SITE may be a ``siteinfo.json``. A file that cannot
be read is named, in plain words.
"""

import json
from io import BytesIO

import pytest

from idnode.clients.formats.batch_file import BATCH, operations
from idnode.clients.formats.batch_values import read_value, value_line
from idnode.clients.formats.record import Unreadable
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.types.hs_admin import Right, decode_admin
from idnode.registry.handle.types.hs_site import decode_site

VALUE = "1 URL 86400 1110 UTF8 https://example.org/"


def read(text, folder=None):
    return list(operations(BytesIO(text.encode()), folder))


@pytest.mark.parametrize("name", ["create", "Create", "CREATE", "cReAtE"])
def test_names_count_in_any_case(name):
    text = f"{name} 88.900.1/a\n{VALUE}\n\ndelete 88.900.1/b\nReMoVe 1:88.900.1/c\n"
    assert [each.name for each in read(text)] == ["CREATE", "DELETE", "REMOVE"]
    assert BATCH.recognises(text.encode())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\ufeff{end}{end}", "{end}"])
def test_lines_end_in_any_way(end, start):
    lines = ["CREATE 88.900.1/a", VALUE, "", "ADD 88.900.1/b", VALUE]
    found = read(start.format(end=end) + end.join(lines))
    assert [(each.subject, len(each.values)) for each in found] == [
        ("88.900.1/a", 1),
        ("88.900.1/b", 1),
    ]
    blank = start.count("{end}")
    assert [each.line for each in found] == [1 + blank, 4 + blank]


@pytest.mark.parametrize(
    ("marks", "permissions"),
    [
        ("1110", 0b1110),
        ("111000", 0b1110),
        ("rw--", 0),
        ("1-1-", 0b1010),
        ("2111", 0b0111),
        ("１１１１", 0),
    ],
)
def test_permissions_are_the_first_four_marks(marks, permissions):
    assert read_value(f"1 URL 86400 {marks} UTF8 x", None).permissions == permissions


@pytest.mark.parametrize("said", ["utf8   x ", "Utf8 x\t", "UTF8  x"])
def test_blanks_around_data_are_none_of_it(said):
    assert read_value(f"  1  URL  86400  1110  {said}", None).data == b"x"


@pytest.mark.parametrize("data", [b" x", b"x ", b"\t", b"x\r", b"a\rb", b" "])
def test_data_with_blanks_around_goes_out_so_that_it_comes_back(data, tmp_path):
    def keep(kept):
        (tmp_path / "kept").write_bytes(kept)
        return "kept"

    line = value_line(HandleValue(1, "URL", data), keep)
    assert " FILE " in line
    assert read_value(line, tmp_path).data == data


def test_rights_are_read_whatever_the_case_of_the_kind():
    value = read_value("100 HS_ADMIN 86400 1110 admin 301:110011111111:0.NA/x", None)
    wanted = Right.ALL & ~Right.ADD_PREFIX & ~Right.DELETE_PREFIX
    assert decode_admin(value.data).permissions == wanted


SITE = {
    "version": 1,
    "serialNumber": 7,
    "servers": [
        {
            "serverId": 1,
            "address": "192.0.2.7",
            "publicKey": {"format": "base64", "value": "AAAA"},
            "interfaces": [{"query": True, "admin": True, "protocol": "TCP", "port": 2641}],
        }
    ],
}


@pytest.mark.parametrize("text", [json.dumps(SITE), " \n" + json.dumps(SITE, indent=1)])
def test_the_file_of_a_site_may_be_json(tmp_path, text):
    (tmp_path / "siteinfo.json").write_text(text)
    value = read_value("1 HS_SITE 86400 1110 FILE siteinfo.json", tmp_path)
    site = decode_site(value.data)
    assert (site.serial, site.servers[0].host) == (7, "192.0.2.7")
    other = read_value("1 NOTE 86400 1110 FILE siteinfo.json", tmp_path)
    assert other.data == text.encode()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing", None, "missing: No such file or directory"),
        (".", None, "Is a directory"),
        ("site.json", "{", "End of input"),
        ("site.json", '{"servers": {}}', "Not a JSON Array"),
    ],
)
def test_what_cannot_be_read_is_named_in_plain_words(tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(Unreadable) as raised:
        read(f"CREATE 88.900.1/a\n1 HS_SITE 86400 1110 FILE {name}\n\n", tmp_path)
    assert words in str(raised.value)
    assert "Errno" not in str(raised.value)
