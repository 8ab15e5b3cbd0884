"""Records of EPIC's API version 2 become records with all that they say."""

import json
from base64 import b64decode
from io import BytesIO

import pytest

from idnode.clients.formats.epic import EPIC
from idnode.clients.formats.record import Source, Unreadable
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin

RIGHTS = dict.fromkeys(["add_handle", "delete_handle", "read_value"], True) | {"add_admin": False}
URL = {"type": "URL", "parsed_data": "https://a", "idx": 3, "ttl": 60, "privs": "rw--", "refs": []}
ADMIN = {
    "type": "HS_ADMIN",
    "parsed_data": {"adminId": "0.NA/88.900.1", "adminIdIndex": 200, "perms": RIGHTS},
    "idx": 100,
}


def _items(found, handle=None):
    source = Source(BytesIO(json.dumps(found).encode()), handle=handle)
    return [json.loads(each) for each in EPIC.items(source)]


@pytest.mark.parametrize(
    ("found", "handle"),
    [
        ([URL], "88.900.1/a"),
        ({"handle": "88.900.1/a", "values": [URL]}, None),
        ([{"handle": "88.900.1/a", "values": [URL]}], None),
        ({"88.900.1/a": [URL]}, None),
    ],
)
def test_a_record_is_named_beside_or_inside(found, handle):
    (record,) = _items(found, handle)
    assert record["handle"] == "88.900.1/a"
    (value,) = record["values"]
    assert (value["index"], value["ttl"], value["permissions"]) == (3, 60, "1100")


def test_an_administrator_is_made_from_its_members():
    (record,) = _items([ADMIN], "88.900.1/a")
    rights = Right.ADD_HANDLE | Right.DELETE_HANDLE | Right.READ_VALUE
    data = encode_admin(AdminValue(rights, b"0.NA/88.900.1", 200))
    assert b64decode(record[1][0][2]["base64"]) == data


def test_values_without_an_index_get_the_next_free_one():
    values = [{"type": "URL", "parsed_data": "a"}, URL, {"type": "B", "parsed_data": "b"}]
    (record,) = _items(values, "88.900.1/a")
    assert [value["index"] for value in record["values"]] == [1, 3, 2]


def test_a_record_without_a_name_is_refused():
    with pytest.raises(Unreadable, match="--handle"):
        _items([URL])
