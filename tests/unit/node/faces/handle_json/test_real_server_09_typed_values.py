"""Typed values are read in every form that the reference server's adapters take, and refused as there.

* HS_ADMIN: permissions as text of any length, ``*``, number, truth value, list or nothing.
* HS_SITE: keys in any format, attributes as list or object, the older form with capitals, host names, defaults
  for whatever is left out; a ``siteinfo.json`` as data centres keep them loads.
* Keys: any spelling of the kind, any base64.
* base64 as commons-codec decodes it: line breaks, both alphabets, without padding, garbage skipped.
* Wrong ones are refused with the reference server's kind of text, never with Python's.
"""

import json

import pytest

from idnode.node.faces.handle_json import host_names

HANDLE = "/api/handles/88.900/typed"
JSON = {"Content-Type": "application/json"}
INTERFACE = {"query": True, "admin": True, "protocol": "TCP", "port": 2641}
RSA = {"kty": "RSA", "n": "4a9R", "e": "AQAB"}
RSA_HEX = "0000000b5253415f5055425f4b4559000000000003010001" + "0000000400e1af51" + "00000000"


def server(**members):
    return {
        "serverId": 1,
        "address": "10.0.0.1",
        "publicKey": "",
        "interfaces": [INTERFACE],
    } | members


def site(**members):
    return {"servers": [server()]} | members


async def put(client, headers, form, value, value_type="T"):
    body = [{"index": 1, "type": value_type, "data": {"format": form, "value": value}}]
    async with client.put(HANDLE, data=json.dumps(body), headers={**headers, **JSON}) as response:
        return response.status, await response.json(content_type=None)


async def read_back(client, admin, form, value, value_type):
    status, found = await put(client, admin, form, value, value_type)
    assert status in {200, 201}, found
    async with client.get(HANDLE) as response:
        return (await response.json())["values"][0]["data"]["value"]


@pytest.mark.parametrize(
    ("permissions", "shown"),
    [
        ("111111111111", "111111111111"),
        ("*", "111111111111"),
        ("1", "000000000001"),
        ("10x1", "000000001001"),
        ("0111111111110011", "111111110011"),
        (True, "111111111111"),
        (False, "000000000000"),
        (5, "000000000101"),
        (4095.0, "111111111111"),
        ([True, 0, "", "0", 1, None, {}], "000001011001"),
        ([], "000000000000"),
        (None, "000000000000"),
    ],
)
async def test_administrators_have_permissions_in_any_form(client, admin, permissions, shown):
    given = {"handle": "0.NA/88.900", "index": "301", "permissions": permissions}
    found = await read_back(client, admin, "ADMIN", given, "HS_ADMIN")
    assert found == {"handle": "0.NA/88.900", "index": 301, "permissions": shown}


async def test_an_administrator_without_permissions_has_none(client, admin):
    given = {"handle": 88, "index": 301.0, "legacyByteLength": "true"}
    found = await read_back(client, admin, "admin", given, "HS_ADMIN")
    assert found == {
        "handle": "88", "index": 301, "permissions": "000000000000", "legacyByteLength": True,
    }  # fmt: skip


async def test_members_of_a_group_have_indexes_in_any_form(client, admin):
    given = [{"handle": "a/b", "index": "1"}, {"handle": "c/d", "index": 2.0}]
    found = await read_back(client, admin, "vlist", given, "HS_VLIST")
    assert found == [{"handle": "a/b", "index": 1}, {"handle": "c/d", "index": 2}]


@pytest.mark.parametrize(
    "key",
    [
        {"format": "key", "value": RSA},
        {"format": "Key", "value": {"kty": "rsa", "n": "4a9R==", "e": "AQ\nAB"}},
        {"format": "hex", "value": RSA_HEX},
        {"format": "HEX", "value": RSA_HEX.upper()},
        {"format": "base64", "value": "AAAAC1JTQV9QVUJfS0VZAAAAAAADAQABAAAABADhr1EAAAAA"},
        {"format": "base64", "value": "AAAAC1JTQV9QVUJfS0VZ\r\nAAAAAAADAQABAAAABADhr1EAAAAA\r\n"},
    ],
)
async def test_a_server_has_its_key_in_any_format(client, admin, key):
    found = await read_back(client, admin, "site", site(servers=[server(publicKey=key)]), "HS_SITE")
    assert found["servers"][0]["publicKey"] == {"format": "key", "value": RSA}


@pytest.mark.parametrize(
    "key",
    [
        "-----BEGIN PUBLIC KEY-----",
        {"format": "string", "value": "-----BEGIN PUBLIC KEY-----"},
        {"format": "base64", "value": "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0"},
    ],
)
async def test_a_key_in_a_form_of_its_own_is_kept_as_it_is(client, admin, key):
    found = await read_back(client, admin, "site", site(servers=[server(publicKey=key)]), "HS_SITE")
    assert found["servers"][0]["publicKey"] == {
        "format": "base64", "value": "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0=",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ([{"name": "desc", "value": "x"}], [("desc", "x")]),
        ({"desc": "x", "n": 7, "on": True}, [("desc", "x"), ("n", "7"), ("on", "true")]),
        (
            {"alt_addr": ["10.0.0.2", "10.0.0.3"]},
            [("alt_addr", "10.0.0.2"), ("alt_addr", "10.0.0.3")],
        ),
        ({}, []),
    ],
)
async def test_attributes_are_a_list_or_an_object(client, admin, attributes, shown):
    found = await read_back(client, admin, "site", site(attributes=attributes), "HS_SITE")
    assert [(each["name"], each["value"]) for each in found["attributes"]] == shown


async def test_the_older_form_has_capitals_and_keys_in_hexadecimal(client, admin):
    older = {
        "Version": 1,
        "SerialNumber": "4",
        "PrimarySite": True,
        "Attributes": {"desc": "x"},
        "ServerList": [
            {
                "ServerId": 1,
                "Address": "10.0.0.1",
                "PublicKey": RSA_HEX,
                "InterfaceList": [{"Query": True, "Admin": False, "Protocol": "UDP", "Port": 2641}],
            }
        ],
    }
    found = await read_back(client, admin, "site", older, "HS_SITE.PREFIX")
    assert found == {
        "version": 1,
        "protocolVersion": "2.11",
        "serialNumber": 4,
        "primarySite": True,
        "multiPrimary": False,
        "attributes": [{"name": "desc", "value": "x"}],
        "servers": [
            {
                "serverId": 1,
                "address": "10.0.0.1",
                "publicKey": {"format": "key", "value": RSA},
                "interfaces": [{"query": True, "admin": False, "protocol": "UDP", "port": 2641}],
            }
        ],
    }


async def test_what_a_site_leaves_out_has_the_reference_servers_defaults(client, admin):
    found = await read_back(client, admin, "site", {}, "HS_NA_DELEGATE")
    assert found == {
        "version": 1,
        "protocolVersion": "2.11",
        "serialNumber": 0,
        "primarySite": False,
        "multiPrimary": False,
        "attributes": [],
        "servers": [],
    }


async def test_a_site_file_of_a_data_centre_loads(client, admin):
    """The members, their order and their formats are those of the files that container images write."""
    given = {
        "version": 1,
        "protocolVersion": "2.10",
        "serialNumber": 1,
        "primarySite": True,
        "multiPrimary": False,
        "attributes": [{"name": "desc", "value": "A containerized Handle.net server"}],
        "servers": [
            {
                "serverId": 1,
                "address": "0.0.0.0",
                "publicKey": {
                    "format": "base64",
                    "value": "AAAAC1JTQV9QVUJfS0VZAAAAAAADAQABAAAABADhr1EAAAAA",
                },
                "interfaces": [
                    {"query": True, "admin": True, "protocol": "TCP", "port": 2641},
                    {"query": True, "admin": False, "protocol": "UDP", "port": 2641},
                    {"query": True, "admin": True, "protocol": "HTTP", "port": 8000},
                ],
            }
        ],
    }
    found = await read_back(client, admin, "site", given, "HS_SITE")
    given["servers"][0]["publicKey"] = {"format": "key", "value": RSA}
    assert found == given


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("localhost", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("::ffff:10.0.0.9", "10.0.0.9"),
        ("handle.example.org", "192.0.2.7"),
    ],
)
async def test_a_server_has_a_name_or_an_address(client, admin, monkeypatch, address, shown):
    asked = []

    async def address_of(name):
        asked.append(name)
        return "192.0.2.7"

    monkeypatch.setattr(host_names, "address_of", address_of)
    given = site(servers=[server(address=address), server(address=address)])
    found = await read_back(client, admin, "site", given, "HS_SITE")
    assert [each["address"] for each in found["servers"]] == [shown, shown]
    assert asked == (["handle.example.org"] if shown == "192.0.2.7" else [])


async def test_strangers_have_no_name_looked_up(client, monkeypatch):
    async def address_of(name):
        raise AssertionError(name)

    monkeypatch.setattr(host_names, "address_of", address_of)
    given = site(servers=[server(address="handle.example.org")])
    status, found = await put(client, {}, "site", given)
    assert (status, found["responseCode"]) == (401, 402)


async def test_a_name_that_nobody_knows_is_refused(client, admin, monkeypatch):
    async def address_of(name):
        return name

    monkeypatch.setattr(host_names, "address_of", address_of)
    given = site(servers=[server(address="nowhere.invalid")])
    status, found = await put(client, admin, "site", given)
    assert status == 400
    assert found["message"].endswith("java.net.UnknownHostException: nowhere.invalid")


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("AAH/", "AAH/"),
        ("AAH_", "AAH/"),
        ("AA\r\nH/\n", "AAH/"),
        ("  A*A!H?/", "AAH/"),
        ("AAE", "AAE="),
        ("AAE=", "AAE="),
        ("AAE=ignored", "AAE="),
        ("AAH/A", "AAH/"),
        ("?", ""),
    ],
)
async def test_base64_is_decoded_as_commons_codec_does(client, admin, text, data):
    found = await read_back(client, admin, "base64", text, "T")
    assert found == data


async def test_a_dsa_key_is_read_back(client, admin):
    given = {"kty": "dsa", "y": "Bw", "p": "AAA-", "q": "Cw", "g": "Ag"}
    found = await read_back(client, admin, "key", given, "HS_PUBKEY")
    assert found == {"kty": "DSA", "y": "Bw", "p": "Pg", "q": "Cw", "g": "Ag"}


NULL_POINTER = "java.lang.NullPointerException"
WRONG_STATE = "java.lang.IllegalStateException"
NO_NUMBER = "java.lang.NumberFormatException"


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        ("admin", "x", WRONG_STATE),
        ("admin", {"index": 1, "permissions": "1"}, NULL_POINTER),
        ("admin", {"handle": "a/b", "permissions": "1"}, NULL_POINTER),
        ("admin", {"handle": {}, "index": 1}, WRONG_STATE),
        ("admin", {"handle": "a/b", "index": "1.5"}, NO_NUMBER),
        ("admin", {"handle": "a/b", "index": 2**31}, NO_NUMBER),
        ("admin", {"handle": "a/b", "index": 1, "permissions": {}}, WRONG_STATE),
        ("vlist", {}, WRONG_STATE),
        ("vlist", [None], WRONG_STATE),
        ("vlist", [{"handle": "a/b"}], NULL_POINTER),
        ("site", [], WRONG_STATE),
        ("site", {"servers": {}}, WRONG_STATE),
        ("site", {"servers": [server(), None]}, "array ending with null"),
        ("site", {"servers": [{"serverId": 1, "address": "10.0.0.1"}]}, NULL_POINTER),
        ("site", site(servers=[server(publicKey={"format": "jwk", "value": RSA})]), "Unexpected type"),
        ("site", site(servers=[server(interfaces=[{"query": True}])]), NULL_POINTER),
        ("site", site(servers=[server(interfaces=[INTERFACE | {"protocol": "tcp"}])]), NO_NUMBER),
        ("site", site(protocolVersion="2"), "java.lang.StringIndexOutOfBoundsException"),
        ("site", site(hashOption="byprefix"), NO_NUMBER),
        ("site", site(serialNumber=70000), "java.lang.IllegalArgumentException"),
        ("site", site(attributes=None), WRONG_STATE),
        ("key", RSA | {"kty": "EC"}, "Unsupported key type EC"),
        ("key", {"kty": "RSA", "n": "4a9R"}, NULL_POINTER),
        ("key", RSA | {"n": ""}, "java.security.spec.InvalidKeySpecException"),
        ("hex", "abc", "org.apache.commons.codec.DecoderException"),
    ],
)  # fmt: skip
async def test_other_shapes_are_refused_in_the_reference_servers_words(
    client, admin, form, value, text
):
    status, found = await put(client, admin, form, value)
    assert (status, found["responseCode"]) == (400, 4), found
    assert found["message"].startswith("com.google.gson.JsonParseException: ")
    assert text in found["message"]
