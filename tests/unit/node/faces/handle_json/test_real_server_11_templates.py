"""Template handles keep these promises over HTTP (the binary faces: tests/integration).

- A handle that is not stored gets the values that its prefix's template makes of the base, over JSON, bulk and the
  redirect alike; a stored one keeps its own.
- Every element of a template works as on the reference server, quirks included.
- Whatever a template costs too much, or cites in vain, makes no record; nothing else suffers.
"""

import pytest
from tests.unit.node.faces.conftest import admin_value

URL = {"index": 1, "type": "URL", "data": "https://example.org/base"}
MAIL = {"index": 2, "type": "EMAIL", "data": "a@example.org"}
HIDDEN = {"index": 3, "type": "NOTE", "data": "secret", "permissions": "1100"}


async def put_template(house, template, prefix="0.NA/88.900", delimiter="@"):
    document = f'<namespace><template delimiter="{delimiter}">{template}</template></namespace>'
    await house.seed(
        prefix,
        [
            admin_value(100, "0.NA/88.900", 301),
            {"index": 301, "type": "HS_SECKEY", "data": "idnode-demo", "permissions": "1100"},
            {"index": 4, "type": "HS_NAMESPACE", "data": document},
        ],
    )


async def values_of(client, handle, query=""):
    async with client.get(f"/api/handles/{handle}{query}") as answer:
        found = await answer.json()
    return [
        (value["index"], value["type"], value["data"]["value"])
        for value in found.get("values") or ()
    ] or found["responseCode"]


EACH = '<foreach><value data="${data}#${extension}"/></foreach>'


async def test_every_http_face_shows_the_made_up_record(house, client, admin):
    await put_template(house, EACH)
    await house.seed("88.900/doc", [URL, MAIL, HIDDEN])
    await house.seed(
        "88.900/own@7", [{"index": 1, "type": "URL", "data": "https://example.org/own"}]
    )
    made = [(1, "URL", "https://example.org/base#p7"), (2, "EMAIL", "a@example.org#p7")]
    assert await values_of(client, "88.900/doc@p7") == made
    assert await values_of(client, "88.900/DOC@p7", "?type=URL") == made[:1]
    assert await values_of(client, "88.900/doc@p7", "?index=9") == 200
    assert await values_of(client, "88.900/own@7") == [(1, "URL", "https://example.org/own")]
    assert await values_of(client, "88.900/doc-p7") == 100
    async with client.get("/88.900/doc@p7", allow_redirects=False) as answer:
        assert answer.headers["Location"] == made[0][2]
    body = ["88.900/doc@p7", "88.900/nothing-p7"]
    async with client.post("/api/v1/identifiers/resolve", json=body, headers=admin) as answer:
        first, second = (await answer.json())["records"]
    assert [value[2] for value in first["values"]] == [value[2] for value in made]
    assert second["code"] == 100
    async with client.get("/api/handles?prefix=88.900", headers=admin) as answer:
        assert (await answer.json())["handles"] == ["88.900/DOC", "88.900/OWN@7"]


ELEMENTS = {
    '<value type="URL" data="x/${handle}/${base}/${extension}"/>': [
        (1, "URL", "x/88.900/doc@a-b/88.900/doc/a-b")
    ],
    # Outside of a loop the index does not count; what is taken moves on.
    '<value index="7" type="A" data="x"/><value type="B">text</value>': [
        (1, "A", "x"),
        (2, "B", "text"),
    ],
    '<value type="A"/><value data="x"/>': 200,
    '<foreach><value index="1" type="T"/></foreach>': [
        (1, "T", "https://example.org/base"),
        (2, "T", "a@example.org"),
    ],
    '<foreach><if value="type" expression="URL"><value data="${index}:${type}"/></if>'
    '<else><value data="else"/></else></foreach>': [(1, "URL", "1:URL"), (2, "EMAIL", "else")],
    '<if test="matches" expression="(A)-(.*)"><value type="T" data="$1|${2}|${extension[0]}|$9"/></if>': [
        (1, "T", "a|b|a-b|")
    ],
    '<if test="matches" expression="b.*"><notfound/></if><else><value type="T" data="ok"/></else>': [
        (1, "T", "ok")
    ],
    '<if expression="a-b" negate="true"><value type="T" data="no"/></if>': 200,
    "<if expression='a-b'><notfound/></if>": 100,
    '<if><value type="T" data="always"/></if><else><value type="T" data="never"/></else>': [
        (1, "T", "always")
    ],
    '<def parameter="p"><value type="x" data="<${extension}>"/></def><value type="T" data="${p}\\$1\\\\$"/>': [
        (1, "T", "<a-b>$1\\$")
    ],
    '<value type="10320/loc"><locations><location href="x"/></locations></value>': [
        (1, "10320/loc", '<locations>\n<location href="x"/>\n</locations>\n')
    ],
    "<notfound/>": 100,
    "": 200,
}


@pytest.mark.parametrize(("template", "found"), ELEMENTS.items(), ids=lambda each: str(each)[:60])
async def test_each_element_does_what_it_does_on_the_reference_server(
    house, client, template, found
):
    await put_template(house, template)
    await house.seed("88.900/doc", [URL, MAIL])
    assert await values_of(client, "88.900/doc@a-b") == found


async def test_a_template_needs_no_base(house, client):
    await put_template(house, '<value type="URL" data="https://example.org/${extension}"/>')
    assert await values_of(client, "88.900/none@7") == [(1, "URL", "https://example.org/7")]


async def test_a_base_may_have_a_template_of_its_own(house, client):
    await put_template(house, EACH)
    own = '<namespace><template><value type="T" data="own"/></template></namespace>'
    await house.seed("88.900/doc", [{"index": 1, "type": "HS_NAMESPACE", "data": own}])
    assert await values_of(client, "88.900/doc@7") == [(1, "T", "own")]


async def test_a_prefix_below_takes_the_template_from_above(house, client):
    await put_template(house, '<value type="T" data="${base}"/>')
    await house.seed("0.NA/88.900.5", [admin_value(100, "0.NA/88.900", 301)])
    assert await values_of(client, "88.900.5/x@7") == [(1, "T", "88.900.5/x")]


async def test_a_template_may_stand_elsewhere(house, client):
    document = '<namespace><template delimiter="@" ref="1:88.900/template"/></namespace>'
    await put_template(house, "")
    record = [
        admin_value(100, "0.NA/88.900", 301),
        {"index": 4, "type": "HS_NAMESPACE", "data": document},
    ]
    await house.seed("0.NA/88.900", record)
    assert await values_of(client, "88.900/x@7") == 100
    cited = '<template><value type="T" data="cited"/></template>'
    await house.seed("88.900/template", [{"index": 1, "type": "XML", "data": cited}])
    assert await values_of(client, "88.900/x@7") == [(1, "T", "cited")]
    loop = '<x><template ref="1:88.900/template"/><template ref="1:88.900/template"/></x>'
    await house.seed("88.900/template", [{"index": 1, "type": "XML", "data": loop}])
    assert await values_of(client, "88.900/x@7") == 100


async def test_values_of_one_index_take_the_next_free_ones(house, client):
    """Each in its turn, whether it asks for the first one or for one further on; thousands of them, too."""
    ask = '<value type="T" data="x"/>'
    within = "<foreach>" + '<value index="3" type="L" data="x"/>' * 3 + "</foreach>"
    await put_template(house, ask * 3 + within + ask * 2_000)
    await house.seed("88.900/doc", [URL])
    made = await values_of(client, "88.900/doc@7")
    assert [index for index, _type, _data in made] == list(range(1, 2_007))
    assert [index for index, kind, _data in made if kind == "L"] == [4, 5, 6]


COSTLY = {
    "an expression without end": '<if test="matches" expression="(a|aa)+$"><value type="T" data="x"/></if>',
    "no expression": '<if test="matches" expression="("><value type="T" data="x"/></if>',
    "texts that double": "".join(
        f'<def parameter="p{n + 1}"><value type="x" data="${{p{n}}}${{p{n}}}${{extension}}"/></def>'
        for n in range(40)
    )
    + '<value type="T" data="${p40}"/>',
    "too many steps": "<foreach>" + "<if expression='n'/>" * 11_000 + "</foreach>",
}


@pytest.mark.parametrize("template", COSTLY.values(), ids=COSTLY.keys())
async def test_what_costs_too_much_makes_no_record(house, client, template):
    await put_template(house, template)
    await house.seed("88.900/doc", [URL, MAIL])
    assert await values_of(client, f"88.900/doc@{'a' * 40}!") == 100
    assert await values_of(client, "88.900/doc") == [
        (1, "URL", "https://example.org/base"),
        (2, "EMAIL", "a@example.org"),
    ]


async def test_a_template_that_goes_goes_at_once(house, client):
    await put_template(house, '<value type="T" data="x"/>')
    assert await values_of(client, "88.900/x@7") == [(1, "T", "x")]
    await house.seed("0.NA/88.900", [admin_value(100, "0.NA/88.900", 301)])
    assert await values_of(client, "88.900/x@7") == 100
