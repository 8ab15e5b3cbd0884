"""Reading over JSON, beyond what the recorded exchanges show.

Promises: restricted values are shown to nobody without the right to read them; the answer written in one piece
says the same as the ordinary one; odd spellings of paths and parameters get an answer of the protocol.
"""

import json

import pytest
from yarl import URL


@pytest.fixture
async def record(house):
    await house.seed(
        "88.900/a",
        [
            {"index": 1, "type": "URL", "data": "https://example.org/a"},
            {"index": 2, "type": "SECRET", "data": "hidden", "permissions": "1100"},
        ],
    )
    await house.seed("88.900/other", [{"index": 5, "type": "HS_SECKEY", "data": "s"}])


async def get(client, path, method="GET", **options):
    url = URL(str(client.make_url("/")).rstrip("/") + path, encoded=True)
    async with client.session.request(method, url, allow_redirects=False, **options) as response:
        return response, await response.text()


async def test_a_stranger_never_sees_restricted_values(client, strict_client, record):
    for query in ("", "?index=2", "?type=SECRET", "?publicOnly=true"):
        response, text = await get(client, "/api/handles/88.900/a" + query)
        assert response.status == 200
        assert "hidden" not in text
    for asked, status in ((client, 401), (strict_client, 403)):
        response, text = await get(asked, "/api/handles/88.900/a?publicOnly=false")
        assert response.status == status
        assert json.loads(text) == {"responseCode": 402, "handle": "88.900/a"}


async def test_an_identity_without_the_right_never_sees_restricted_values(
    client, record, basic_header
):
    headers = basic_header("5%3A88.900/other", "s")
    response, text = await get(client, "/api/handles/88.900/a", headers=headers)
    assert response.status == 403
    assert json.loads(text) == {"responseCode": 400, "handle": "88.900/a"}
    response, text = await get(client, "/api/handles/88.900/a?publicOnly", headers=headers)
    assert response.status == 200
    assert "hidden" not in text


async def test_an_administrator_sees_restricted_values(client, record, admin):
    _response, text = await get(client, "/api/handles/88.900/a", headers=admin)
    value = json.loads(text)["values"][1]
    assert list(value) == ["index", "type", "data", "permissions", "ttl", "timestamp"]
    assert value["permissions"] == "1100"
    _response, text = await get(client, "/api/handles/88.900/a?publicOnly=true", headers=admin)
    assert "hidden" not in text


async def test_every_way_of_asking_gets_the_same_body(client, record):
    plain, text = await get(client, "/api/handles/88.900/a")
    for options in (
        {"headers": {"Origin": "https://example.org"}},
        {"headers": {"Connection": "close"}},
        {"method": "POST"},
    ):
        response, other = await get(client, "/api/handles/88.900/a", **options)
        assert other == text
        assert response.headers["Content-Type"] == plain.headers["Content-Type"]
    head, nothing = await get(client, "/api/handles/88.900/a", method="HEAD")
    assert nothing == ""
    assert head.headers["Content-Length"] == plain.headers["Content-Length"]
    assert {"Date", "Server", "Content-Type"} <= set(plain.headers)


async def test_requests_follow_each_other_on_one_connection(client, record):
    for _ in range(3):
        for path, status in (("88.900/a", 200), ("88.900/none", 404), ("88.900/a?pretty", 200)):
            response, _text = await get(client, "/api/handles/" + path)
            assert response.status == status


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("88.900%2Fa", 200, 1),
        ("88.900/%61", 200, 1),
        ("88.900/A", 200, 1),
        ("88.900/a%00", 404, 100),
        ("88.900/../88.900/a", 404, 100),
        ("..%2F..%2Fetc/passwd", 400, 301),
        ("88.900//a", 404, 100),
        ("88.900/a+b", 404, 100),
        ("%FF%FE/x", 400, 102),
        ("88.900/%ff", 400, 102),
        ("88.900/" + "x" * 4100, 400, 102),
        ("%", 400, 301),
        ("99.9/x", 400, 301),
        ("88.900/a?index=99999999999999999999", 400, 4),
        ("88.900/a?index=", 400, 4),
        ("88.900/a?index=1.5", 400, 4),
        ("88.900/a?type=%FF%00", 200, 200),
        ("88.900/a?index=-1", 200, 200),
        ("88.900/a?" + "x&" * 3000, 400, 4),
    ],
)
async def test_odd_paths_and_parameters_get_an_answer_of_the_protocol(
    client, record, path, status, code
):
    response, text = await get(client, "/api/handles/" + path)
    assert (response.status, json.loads(text)["responseCode"]) == (status, code), text


async def test_a_script_call_can_name_no_code(client, record):
    response, text = await get(client, "/api/handles/88.900/a?callback=alert(1)//%0A%3Cscript%3E")
    assert text.startswith("alert_1_____script_({")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_bodies_of_parameters_are_bounded(client, record):
    for kind, body, status, code in (
        ("application/json", b'{"type":["URL"],"index":1}', 200, 1),
        ("application/json", b"{nope", 400, 4),
        ("application/json", b'{"index":{}}', 400, 4),
        ("application/json", b"\xff", 400, 4),
        ("application/json; charset=klingon", b"{}", 400, 4),
        ("application/x-www-form-urlencoded", b"index=2", 200, 200),
        ("application/x-www-form-urlencoded", b"x" * 70_000, 413, 4),
    ):
        response, text = await get(
            client,
            "/api/handles/88.900/a",
            method="POST",
            data=body,
            headers={"Content-Type": kind},
        )
        assert (response.status, json.loads(text)["responseCode"]) == (status, code), body


async def test_a_derived_prefix_is_referred_to_where_its_parent_says(house, client):
    site = {"index": 2, "type": "HS_SITE.PREFIX", "data": {"format": "hex", "value": "00"}}
    owner = {"handle": "0.NA/88.901", "index": 300, "permissions": "111111111111"}
    admin = {"index": 100, "type": "HS_ADMIN", "data": {"format": "admin", "value": owner}}
    await house.seed("0.NA/88.901", [site, admin])
    response, text = await get(client, "/api/handles/0.NA/88.901.7")
    assert response.status == 300
    found = json.loads(text)
    assert list(found) == ["responseCode", "values", "handle"]
    assert found["responseCode"] == 303
    assert found["values"][0]["type"] == "HS_SITE.PREFIX"


async def test_the_observer_learns_of_each_resolution(house, client, record):
    await get(client, "/api/handles/88.900/a")
    await get(client, "/api/handles/88.900/none")
    await get(client, "/api/handles/88.900/a?index=77")
    assert house.observer.answers == [
        ("resolve", 1, b"88.900"),
        ("resolve", 100, b"88.900"),
        ("resolve", 200, b"88.900"),
    ]
    assert house.observer.resolutions == [
        (1, b"88.900", 1),
        (100, b"88.900", 1),
        (200, b"88.900", 1),
    ]
