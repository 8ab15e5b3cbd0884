"""Values of type 10320/loc are read and chosen from as the original proxy does.

Promises: sloppy markup is read, and what cannot be read is said (page 500 and log), never silently another target;
URL values compete as the document says; includes and namespaces are followed and bounded; what ``showurls`` shows is
what is chosen from.
"""

import pytest
from tests.unit.node.faces.conftest import admin_value
from yarl import URL

URLS = [
    {"index": 2, "type": "URL", "data": "https://url/"},
    {"index": 3, "type": "URL.X", "data": "https://sub/"},
]


async def get(client, path, **options):
    url = URL(str(client.make_url("/")).rstrip("/") + path, encoded=True)
    async with client.session.get(url, allow_redirects=False, **options) as response:
        return response, await response.text()


async def leads_to(client, query="", headers=None):
    response, _text = await get(client, f"/88.900/x{query}", headers=headers)
    return response.headers.get("Location", response.status)


async def seed(house, data, urls=URLS, handle="88.900/x"):
    await house.seed(handle, [{"index": 1, "type": "10320/loc", "data": data}, *urls])


SLOPPY = {
    "no quotes": "<locations><location href=https://a/ /></locations>",
    "nothing closed in order": "<locations><location href='https://a/'></locations>",
    "text around": "see <locations>x<location href='https://a/'/>y</locations> above",
    "never closed": "<locations><location href='https://a/'/>",
    "bare ampersands": "<locations><location href='https://a/?a=1&b=2'/></locations>",
    "a comment": "<locations><!-- old: <location href='https://b/'/> --><location href='https://a/'/></locations>",
    "a document type": "<!DOCTYPE locations><locations><location href='https://a/'/></locations>",
}


@pytest.mark.parametrize("data", SLOPPY.values(), ids=SLOPPY.keys())
async def test_sloppy_documents_are_read(house, client, data):
    await seed(house, data, urls=[])
    found = await leads_to(client)
    if data.startswith("<!"):
        # A declaration is a tag like any other: what follows lies deeper than locations are looked for.
        assert found == 200
    else:
        assert found.startswith("https://a/")


@pytest.mark.parametrize(
    "data", ["<locations", "<locations><location href='https://a/", "<locations>"]
)
async def test_what_cannot_be_read_is_said(house, client, data, caplog):
    await seed(house, data)
    response, text = await get(client, "/88.900/x")
    assert response.status == 500
    assert "Value 1 cannot be read" in text
    assert "Value 1 cannot be read" in caplog.text


WEIGHTS = {
    "<locations><location href='https://a/' weight='0.5'/></locations>": "https://a/",
    "<locations urlWeight='1'><location href='https://a/' weight='0'/></locations>": "https://url/",
    "<locations urlSubtypeWeight='1'><location href='https://a/' weight='0'/></locations>": "https://sub/",
    "<locations no_legacy='true'><location href='https://a/' weight='0'/></locations>": "https://a/",
    "<locations no_legacy='1' http_sc='307'></locations>": 200,
    "<locations/>": ("https://url/", "https://sub/"),
    "no tag at all": "https://url/",
}


@pytest.mark.parametrize(("data", "target"), WEIGHTS.items())
async def test_urls_compete_as_the_document_says(house, client, data, target):
    await seed(house, data)
    found = await leads_to(client)
    assert found in target if isinstance(target, tuple) else found == target


async def test_a_visitor_may_ask_for_attributes(house, client):
    data = (
        "<locations><location id='0' href='https://a/' country='cn' language='de'/>"
        "<location id='1' href_template='https://b/{hdl}' role='metadata' weight='0'/>"
        "<location id='2' href='https://c/' http_role='conneg' ctype='application/json' weight='0'/></locations>"
    )
    await seed(house, data)
    assert await leads_to(client, "?locatt=id:1") == "https://b/88.900%2Fx"
    assert await leads_to(client, "?locatt=mode:legacy&locatt=id:9") in {
        "https://url/",
        "https://sub/",
    }
    assert await leads_to(client, "?locatt=country") == "https://a/"
    assert await leads_to(client, "?action=metadata") == "https://b/88.900%2Fx"
    assert await leads_to(client, "?country=CN") == "https://a/"
    assert await leads_to(client, headers={"Accept": "application/json"}) == "https://c/"
    response, _text = await get(client, "/88.900/x", headers={"Accept": "text/html"})
    assert response.headers["Location"] == "https://a/"
    assert response.headers["Vary"] == "Accept"


async def test_what_is_shown_is_what_is_chosen_from(house, client):
    await seed(
        house,
        "<locations urlWeight='2'><location href_template='https://a/{hdl:path}' id='é&amp;'/></locations>",
    )
    response, text = await get(client, "/88.900/x?action=showurls")
    assert response.headers["Content-Type"] == "text/xml;charset=utf-8"
    assert text == (
        '<locations>\n<location href_template="https://a/{hdl:path}" id="é&amp;" href="https://a/88.900/x"/>\n'
        '<location mode="legacy" weight="2.0" href="https://url/"/>\n'
        '<location mode="legacy" weight="0.0" href="https://sub/"/>\n</locations>\n'
    )


async def test_includes_are_followed_and_bounded(house, client):
    await seed(house, "<locations include='88.900/i'/>", urls=[])
    assert await leads_to(client) == 200
    included = "<locations><location href='https://i/'/><include>88.900/x</include></locations>"
    await seed(house, included, urls=[], handle="88.900/i")
    assert await leads_to(client) == "https://i/"
    await seed(house, "<locations", urls=[], handle="88.900/i")
    assert await leads_to(client) == 200


async def test_locations_of_the_namespace_are_candidates(house, client):
    namespace = "<namespace><locs>88.900/shared</locs></namespace>"
    await house.seed(
        "0.NA/88.900",
        [
            admin_value(100, "0.NA/88.900", 301),
            {"index": 4, "type": "HS_NAMESPACE", "data": namespace},
        ],
    )
    await seed(
        house,
        "<locations><location href='https://s/' id='s' weight='0'/></locations>",
        [],
        "88.900/shared",
    )
    await house.seed("88.900/x", URLS)
    assert await leads_to(client, "?locatt=id:s") == "https://s/"
    assert await leads_to(client) == "https://url/"
    await seed(house, "<locations no_nslocs='yes'><location href='https://a/'/></locations>")
    assert await leads_to(client, "?locatt=id:s") == "https://a/"


OVERLOOKED = {
    "<?xml version='1.0'?><locations><location href='https://a/'/></locations>": "in <?xml>",
    "<!DOCTYPE x><locations><location href='https://a/'/></locations>": "in <!DOCTYPE>",
    "<location href='https://a/'/>": "is no <locations>",
    "<html><body>gone</body></html>": "is no <locations>",
    "<locations><g><location href='https://a/'/></g></locations>": "in <locations>",
    '{"href": "https://a/"}': "holds no locations",
    "https://a/": "holds no locations",
}


@pytest.mark.parametrize(("data", "said"), OVERLOOKED.items())
async def test_locations_that_count_for_nothing_are_said(house, client, data, said, caplog):
    await seed(house, data)
    assert await leads_to(client) in {"https://url/", "https://sub/"}
    assert said in caplog.text
    await seed(house, data, urls=[])
    response, text = await get(client, "/88.900/x")
    assert response.status == 200
    assert said.replace("<", "&lt;").replace(">", "&gt;") in text


@pytest.mark.parametrize("data", ["", " \n", "<locations/>", "<locations></locations>"])
async def test_of_no_locations_nothing_is_said(house, client, data, caplog):
    await seed(house, data)
    assert await leads_to(client) in {"https://url/", "https://sub/"}
    assert not caplog.text


@pytest.mark.parametrize("href", ["href=''", "href='  '", "href_template=''", "weight='1'"])
async def test_a_location_without_an_address_is_no_target(house, client, href):
    await seed(house, f"<locations><location {href}/></locations>")
    assert await leads_to(client) == 200
