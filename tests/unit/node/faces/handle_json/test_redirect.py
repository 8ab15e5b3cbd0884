"""The browser face, beyond what the recorded exchanges show.

Promises: pages escape everything and may run nothing; chains of aliases end; locations are chosen by their
steps; whatever the path, the answer is a redirect or a small page of ours.
"""

from random import Random

import pytest
from yarl import URL

from idnode.node.faces.handle_json.choosing import Visitor, choose
from idnode.node.faces.handle_json.locations import address_of
from idnode.registry.handle.lenient_xml import Tag, parse

EVIL = '<script>alert("x")</script>'


async def get(client, path, method="GET", **options):
    url = URL(str(client.make_url("/")).rstrip("/") + path, encoded=True)
    async with client.session.request(method, url, allow_redirects=False, **options) as response:
        return response, await response.text()


async def seed(house, handle, value_type, data):
    await house.seed(handle, [{"index": 1, "type": value_type, "data": data}])


async def test_pages_escape_everything_and_run_nothing(house, client):
    await house.seed(
        f"88.900/{EVIL}",
        [
            {"index": 1, "type": EVIL, "data": EVIL},
            {"index": 2, "type": "X", "data": {"format": "hex", "value": "fffe"}},
            {"index": 3, "type": "X", "data": "javascript:alert(1)"},
            {"index": 4, "type": "X", "data": "https://example.org/ok"},
            {"index": 5, "type": "X", "data": "y" * 10_000},
        ],
    )
    path = f"/88.900/{EVIL}".replace("<", "%3C").replace(">", "%3E").replace('"', "%22")
    for query, status in (("", 200), ("x", 404), ("?action=showvalues", 200)):
        response, text = await get(client, path + query)
        assert response.status == status
        assert "<script" not in text
        assert 'href="javascript:' not in text
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Type"] == "text/html;charset=utf-8"


async def test_a_redirect_cannot_break_out_of_its_header(house, client):
    await seed(house, "88.900/u", "URL", 'https://example.org/设备\r\nX: y"<>')
    response, text = await get(client, "/88.900/u")
    assert response.status == 302
    assert response.headers["Location"] == (
        "https://example.org/%E8%AE%BE%E5%A4%87%0D%0AX:%20y%22%3C%3E"
    )
    assert "X" not in response.headers
    assert '"<>' not in text
    assert response.headers["Expires"] == "Wed, 15 Nov 2023 22:13:20 GMT"


async def test_a_redirect_is_cached_for_two_days_at_most(house, client):
    value = {"index": 1, "type": "URL", "data": "https://example.org/", "ttl": 10**8}
    await house.seed("88.900/u", [value])
    response, _text = await get(client, "/88.900/u")
    assert response.headers["Expires"] == "Thu, 16 Nov 2023 22:13:20 GMT"


async def test_chains_of_aliases_end(house, client):
    for number in range(25):
        await seed(house, f"88.900/{number}", "HS_ALIAS", f"88.900/{number + 1}")
    await seed(house, "88.900/25", "URL", "https://example.org/")
    await seed(house, "88.900/round", "HS_ALIAS", "88.900/ROUND")
    await seed(house, "88.900/away", "HS_ALIAS", "10.1000/1")
    response, _text = await get(client, "/88.900/10")
    assert (response.status, response.headers["Location"][-9:]) == (301, "88.900/25")
    for path in ("/88.900/0", "/88.900/round"):
        assert (await get(client, path))[0].status == 404
        assert (await get(client, path + "?ignore_aliases"))[0].status == 200
    assert (await get(client, "/88.900/away"))[0].status == 404


async def test_prefixes_of_a_handle_are_stripped(house, client):
    await seed(house, "88.900/u", "URL", "https://example.org/")
    for start in ("hdl:", "doi:", "info:hdl/", "info:doi/", "urn:hdl:", "urn:doi:", "URN:EIDR:"):
        assert (await get(client, f"/{start}88.900/u"))[0].status == 302


async def test_the_query_form_leads_to_the_handle(house, client):
    await seed(house, "88.900/u", "URL", "https://example.org/")
    response, text = await get(client, "/")
    assert (response.status, "<form" in text) == (200, True)
    assert (await get(client, "/", "POST", data={"hdl": " 88.900/u "}))[0].status == 302
    form = {"hdl": "88.900/u", "noredirect": "on"}
    assert (await get(client, "/", "POST", data=form))[0].status == 200


@pytest.mark.parametrize(
    "path", ["/..%2f..%2fetc", "/%00", "/%ff", "/abc", "/99.9/x", "/" + "x" * 3000]
)
async def test_whatever_is_no_handle_here_gets_the_page_for_it(client, path):
    response, text = await get(client, path)
    assert response.status == 404
    assert "<title>Not Found</title>" in text


async def test_other_methods_are_refused_in_json(client):
    for method, status in (("PUT", 405), ("DELETE", 405), ("PATCH", 501)):
        response, _text = await get(client, "/88.900/u", method)
        assert response.status == status
        assert response.headers["Content-Type"] == "application/json;charset=utf-8"


async def test_every_place_a_redirect_could_go_to_is_shown(house, client):
    data = '<locations><location href="https://a.example.org/?a=1&amp;b" weight="2"/></locations>'
    await house.seed(
        "88.900/u",
        [
            {"index": 1, "type": "10320/loc", "data": data},
            {"index": 2, "type": "URL", "data": "https://example.org/"},
        ],
    )
    _response, text = await get(client, "/88.900/u?action=showurls")
    assert text == (
        '<locations>\n<location href="https://a.example.org/?a=1&amp;b" weight="2"/>\n'
        '<location mode="legacy" weight="0.0" href="https://example.org/"/>\n</locations>\n'
    )
    assert (await get(client, "/88.900/u"))[0].headers["Location"] == "https://a.example.org/?a=1&b"


LOCATIONS = """<locations>
<location id="0" href="https://0/" country="cn" weight="0"/>
<location id="1" href="https://1/" country="gb" weight="1" score="5"/>
<location id="2" href="https://2/" addresses="10.0.0.0/8, 2001:db8::/32" weight="0" score="7"/>
<location id="3" href_template="https://3/{hdl:path}?h={hdl}" weight="nan"/>
</locations>"""


@pytest.mark.parametrize(
    ("steps", "visitor", "chosen"),
    [
        ("weighted", {}, "1"),
        ("locatt", {"wanted": ("id:3",)}, "3"),
        ("locatt,weighted", {"wanted": ("id:9",)}, "1"),
        ("country", {"country": "CN"}, "0"),
        ("country,weighted", {"country": "us"}, "1"),
        ("address", {"address": "10.1.2.3"}, "2"),
        ("address", {"address": "2001:db8::1"}, "2"),
        ("address,weighted", {"address": "nonsense"}, "1"),
        ("score", {}, "2"),
        ("nonsense,score", {}, "2"),
    ],
)
def test_steps_narrow_the_locations(steps, visitor, chosen):
    found = choose(parse(LOCATIONS).tags, steps.split(","), Visitor(**visitor, random=Random(1)))
    assert found.attributes["id"] == chosen


def test_only_the_template_knows_placeholders():
    locations = parse(LOCATIONS).tags
    assert address_of(locations[3], "88.900/a b") == "https://3/88.900/a%20b?h=88.900%2Fa%20b"
    assert address_of(Tag("location", {"href": "https://x/{hdl}"}), "88.900/a") == "https://x/{hdl}"


def test_weights_that_are_all_zero_choose_evenly():
    found = parse(
        '<locations><location href="a" weight="0"/><location href="b" weight="-1"/></locations>'
    ).tags
    random = Random(1)
    seen = {
        choose(found, ["weighted"], Visitor(random=random)).attributes["href"] for _ in range(50)
    }
    assert seen == {"a", "b"}
