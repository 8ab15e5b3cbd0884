"""Value data made by the clients' own encoders.

* Values, HS_ADMIN, HS_VLIST, HS_SITE and HS_PUBKEY data says what its line says and encodes back.
* Handles fall to the servers of a site as the reference client computes it.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from idnode.registry.handle import values
from idnode.registry.handle.types import hs_pubkey, hs_site
from idnode.registry.handle.types.hs_admin import decode_admin, encode_admin
from idnode.registry.handle.types.hs_vlist import decode_vlist, encode_vlist
from idnode.registry.handle.wire.cursor import Reader

VECTORS = Path(__file__).parents[3] / "vectors"
KEYS = json.loads((VECTORS / "handle-wire-keys.json").read_text(encoding="utf-8"))


def load(name: str) -> list[dict[str, Any]]:
    """Return a file's lines, each with its place for the test's name."""
    lines = []
    for number, text in enumerate((VECTORS / name).read_text(encoding="utf-8").splitlines(), 1):
        line = json.loads(text)
        line["id"] = f"{number}-{line['name']}-{line.get('direction', '')}"
        line["bytes"] = bytes.fromhex(line.get("hex", ""))
        lines.append(line)
    return lines


DATA = [line for line in load("handle-wire.jsonl") if line["direction"] == "data"]


def by_id(lines: list[dict[str, Any]]) -> Any:
    """Return a parametrization over lines."""
    return pytest.mark.parametrize("line", lines, ids=[line["id"] for line in lines])


def datas(*wanted: str) -> list[dict[str, Any]]:
    return [line for line in DATA if set(wanted) <= set(line["decoded"])]


@by_id(datas("value"))
def test_a_value_record_says_what_its_line_says_and_encodes_back(value_facts, line):
    reader = Reader(line["bytes"])
    packed = values.join([reader.value()])
    reader.finish()
    assert packed[4:] == line["bytes"]
    said = line["decoded"]["value"]
    if "dataText" in said:
        assert bytes.fromhex(said["dataHex"]).decode() == said.pop("dataText")
    assert value_facts(packed) == [said]


@by_id(datas("permissions", "trailingHex"))
def test_an_admin_value_says_what_its_line_says_and_encodes_back(line):
    admin = decode_admin(line["bytes"])
    assert encode_admin(admin) == line["bytes"]
    assert line["decoded"] == {
        "permissions": f"0x{admin.permissions:04x}",
        "handle": admin.handle.decode(),
        "index": admin.index,
        "trailingHex": "0000" if admin.legacy else "",
    }


@by_id(datas("references"))
def test_a_value_list_says_what_its_line_says_and_encodes_back(line):
    members = decode_vlist(line["bytes"])
    assert encode_vlist(members) == line["bytes"]
    assert line["decoded"]["references"] == [
        {"handle": member.handle.decode(), "index": member.index} for member in members
    ]


@by_id(datas("dataFormatVersion"))
def test_a_site_value_says_what_its_line_says_and_encodes_back(site_facts, line):
    record = hs_site.decode_site(line["bytes"])
    assert hs_site.encode_site(record) == line["bytes"]
    assert site_facts(record) == line["decoded"]


@by_id(datas("keyType"))
def test_a_tagged_public_key_encodes_back(line):
    assert hs_pubkey.encode_public_key(hs_pubkey.decode_public_key(line["bytes"])) == line["bytes"]


@by_id(datas("serverNumber"))
def test_a_handle_falls_to_the_server_that_its_line_says(line):
    said = line["decoded"]
    number = hs_site.server_number(said["handle"].encode(), said["hashOption"], said["servers"])
    assert number == said["serverNumber"]


def test_key_vectors_encode_to_their_tagged_and_their_pem_form():
    for entry in [KEYS["server"], *KEYS["keys"].values()]:
        key = hs_pubkey.decode_public_key(entry["publicKeyPem"].encode())
        body = b"".join(hs_pubkey.encode_pem(key).split())
        assert body == b"".join(entry["publicKeyPem"].encode().split())
        tagged = entry.get("publicKeyHandleEncodingHex")
        if tagged:
            assert hs_pubkey.encode_public_key(key).hex() == tagged
            assert hs_pubkey.encode_public_key(
                hs_pubkey.decode_public_key(bytes.fromhex(tagged))
            ).hex() == (tagged)
