"""Listings over JSON.

Promises: pages cover a prefix without gap or repetition, each counts the whole; reading page after page costs one
step a page; long lists without pages come whole; only those who may list get an answer.
"""

import pytest

from idnode.node.faces.handle_json.listing import Cursors
from idnode.registry.handle.values import EMPTY
from idnode.registry.mutation import Create

PREFIX = "88.900"


@pytest.fixture
async def many(house):
    """2,500 handles, and their names as the listing shows them."""
    names = [f"{PREFIX}/item-{number:04d}" for number in range(2500)]
    await house.register.submit([Create(name.encode(), EMPTY) for name in names])
    return [name.upper() for name in names]


async def listing(client, admin, query):
    async with client.get("/api/handles?prefix=" + query, headers=admin) as response:
        return response.status, await response.json()


async def test_pages_cover_the_prefix(client, admin, many):
    seen = []
    for page in range(26):
        status, found = await listing(client, admin, f"{PREFIX}&page={page}&pageSize=100")
        assert status == 200
        assert list(found) == [
            "responseCode",
            "prefix",
            "totalCount",
            "page",
            "pageSize",
            "handles",
        ]
        assert found["totalCount"] == "2500"
        seen += found["handles"]
    assert seen == many


async def test_any_page_is_found_in_any_order(client, admin, many):
    for page, size in ((3, 700), (1, 700), (2, 700), (0, 2000), (1, 2000), (99, 7), (4, 700)):
        _status, found = await listing(client, admin, f"{PREFIX}&page={page}&pageSize={size}")
        assert found["handles"] == many[page * size : (page + 1) * size]


async def test_sequential_pages_do_not_walk_from_the_start(house, client, admin, many):
    asked = []
    registrar = house.parts["registrar"]
    list_handles = registrar.list_handles

    def counting(identity, prefix, *, after=b"", limit=1000):
        asked.append(limit)
        return list_handles(identity, prefix, after=after, limit=limit)

    registrar.list_handles = counting
    for page in range(250):
        await listing(client, admin, f"{PREFIX}&page={page}&pageSize=10")
    assert sum(asked) <= 250 * 11


async def test_a_list_without_pages_comes_whole(client, admin, many):
    for prefix in (PREFIX, f"0.NA/{PREFIX}"):
        _status, found = await listing(client, admin, prefix)
        assert found["prefix"] == prefix
        assert found["handles"] == many


async def test_a_short_list_and_an_empty_page_have_their_usual_form(client, admin):
    assert (await listing(client, admin, PREFIX))[1] == {
        "responseCode": 1,
        "prefix": PREFIX,
        "totalCount": "0",
        "handles": [],
    }
    _status, found = await listing(client, admin, f"{PREFIX}&page=5&pageSize=0")
    assert found["handles"] == []


async def test_odd_numbers_are_refused(client, admin):
    for query in ("page=-1&pageSize=1", "page=0&pageSize=-1", "page=x", "pageSize=1e3"):
        status, found = await listing(client, admin, f"{PREFIX}&{query}")
        assert (status, found["responseCode"]) == (400, 4)
    status, found = await listing(client, admin, f"{PREFIX}&page=2147483647&pageSize=2147483647")
    assert (status, found["handles"]) == (200, [])


async def test_only_those_who_may_list_get_an_answer(house, client, strict_client, basic_header):
    await house.seed("88.900/user", [{"index": 5, "type": "HS_SECKEY", "data": "s"}])
    assert (await listing(client, {}, PREFIX))[0] == 401
    assert (await listing(strict_client, {}, PREFIX))[0] == 403
    status, found = await listing(client, basic_header("5%3A88.900/user", "s"), PREFIX)
    assert (status, found["responseCode"]) == (403, 400)


async def test_the_nodes_prefixes_are_for_its_administrators(client, admin):
    async with client.get("/api/prefixes", headers=admin) as response:
        assert await response.text() == (
            '{"responseCode":1,"totalCount":"1","prefixes":["0.NA/88.900"]}'
        )
    async with client.get("/api/prefixes") as response:
        assert response.status == 401


async def test_a_prefix_lives_here_from_the_administrators_word_to_his_next(client, admin):
    path = "/api/prefixes/0.NA/88.901"
    for change, homed in (("POST", ["0.NA/88.900", "0.NA/88.901"]), ("DELETE", ["0.NA/88.900"])):
        async with client.request(change, path, headers=admin) as response:
            assert response.status == 200
            assert await response.text() == '{"responseCode":1,"handle":"0.NA/88.901"}'
        async with client.get("/api/prefixes", headers=admin) as response:
            assert (await response.json())["prefixes"] == homed


async def test_homing_takes_a_prefix_handle_and_the_administrator(client, admin):
    for headers, path, status, code in (
        ({}, "/api/prefixes/0.NA/88.901", 401, 402),
        (admin, "/api/prefixes/88.901/x", 400, 102),
        (admin, "/api/prefixes/0.NA/88.999%FF", 400, 102),
    ):
        async with client.post(path, headers=headers) as response:
            assert (response.status, (await response.json())["responseCode"]) == (status, code)
    async with client.delete("/api/prefixes/0.NA/88.777", headers=admin) as response:
        assert (response.status, (await response.json())["responseCode"]) == (400, 301)


def test_the_memory_of_page_beginnings_is_bounded():
    cursors = Cursors(size_max=10)
    for page in range(1, 100):
        cursors.remember(b"A", 10, page, b"A/%d" % page)
        cursors.remember(b"B", 10, page, b"B/%d" % page)
    assert sum(len(known) for known in cursors._pages.values()) <= 10
    assert cursors.nearest(b"B", 10, 99) == (99, b"B/99")
    assert cursors.nearest(b"B", 10, 120)[0] == 99
    assert cursors.nearest(b"C", 10, 5) == (0, b"")
