"""The browser face answers as the original proxy does, and follows nothing that harms.

Promises: ``action=api`` is the record in JSON; a posted handle counts, one in the query does not; aliases keep the
query, and one that leads nowhere is not found; referrals say where to; damage is 500 without internals; preflights
pass; no stranger's Host header and no target that runs in a browser is ever sent on.
"""

import pytest
from yarl import URL

from idnode.registry.errors import LogDamaged


async def ask(client, path, method="GET", **options):
    url = URL(str(client.make_url("/")).rstrip("/") + path, encoded=True)
    async with client.session.request(method, url, allow_redirects=False, **options) as response:
        return response, await response.text()


async def seed(house, handle, value_type, data):
    await house.seed(handle, [{"index": 1, "type": value_type, "data": data}])


async def test_the_record_in_json(house, client):
    await seed(house, "88.900/u", "URL", "https://u/")
    response, text = await ask(client, "/88.900/u?action=api&pretty")
    assert response.status == 200
    assert response.headers["Content-Type"] == "application/json;charset=utf-8"
    assert '"handle": "88.900/u"' in text
    assert (await ask(client, "/88.900/none?action=API"))[0].status == 404


async def test_only_a_posted_form_names_the_handle(house, client):
    await seed(house, "88.900/u", "URL", "https://u/")
    response, text = await ask(client, "/?hdl=88.900/u")
    assert (response.status, "<form" in text) == (200, True)
    assert (await ask(client, "/88.900/none", "POST", data={"hdl": "88.900/u"}))[0].status == 302
    assert (await ask(client, "/urn:hdl:88.900:u"))[0].status == 302


async def test_an_alias_keeps_the_query(house, client):
    await seed(house, "88.900/a", "HS_ALIAS", "88.900/b")
    await seed(house, "88.900/b", "HS_ALIAS", "88.900/ü")
    await seed(house, "88.900/ü", "URL", "https://u/")
    response, text = await ask(client, "/88.900/a?urlappend=%3Fx&locatt=id:1")
    assert (response.status, text) == (301, "")
    assert response.headers["Location"].endswith("/88.900/%C3%BC?urlappend=%3Fx&locatt=id:1")
    assert (await ask(client, "/88.900/a?action=showurls"))[1].count("https://u/") == 1
    assert (await ask(client, "/", "POST", data={"hdl": "88.900/a"}))[0].headers[
        "Location"
    ] == "https://u/"


async def test_an_alias_to_nowhere_is_not_found(house, client):
    await seed(house, "88.900/a", "HS_ALIAS", "88.900/none")
    assert (await ask(client, "/88.900/a"))[0].status == 404
    assert (await ask(client, "/88.900/a?ignore_aliases"))[0].status == 200


async def test_a_referral_says_where_to(house, client):
    site = {"index": 1, "type": "HS_NA_DELEGATE", "data": {"format": "base64", "value": ""}}
    admin = {
        "format": "admin",
        "value": {"handle": "0.NA/88.900", "index": 301, "permissions": "111111111111"},
    }
    await house.seed("0.NA/88.900", [{"index": 100, "type": "HS_ADMIN", "data": admin}, site])
    response, text = await ask(client, "/0.NA/88.900.77")
    assert response.status == 300
    assert "HS_NA_DELEGATE" in text


async def test_damage_is_an_error_everywhere_without_internals(house, monkeypatch):
    def damaged(*_args, **_options):
        raise LogDamaged("segment 7 at 4711: /secret/path")

    monkeypatch.setattr(type(house.parts["resolver"]), "resolve", damaged)
    async with house.serve(plain_http=True) as fresh:
        response, text = await ask(fresh, "/88.900/u")
    assert response.status == 500
    assert "segment" not in text
    assert "Not Found" not in text


async def test_values_that_are_not_there_are_no_error(house, client):
    await seed(house, "88.900/u", "URL", "https://u/")
    response, text = await ask(client, "/88.900/u?type=EMAIL")
    assert (response.status, "No values found" in text) == (200, True)


async def test_preflights_and_icons_are_answered(client):
    headers = {"Origin": "https://x.example", "Access-Control-Request-Method": "GET"}
    response, _text = await ask(client, "/88.900/u", "OPTIONS", headers=headers)
    assert response.status == 200
    assert "GET" in response.headers["Allow"]
    assert (await ask(client, "/favicon.ico"))[0].status == 204


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "java\tscript:x",
        "file:///etc/passwd",
        "data:text/html,x",
        "vbscript:x",
    ],
)
@pytest.mark.parametrize("value_type", ["URL", "10320/loc"])
async def test_targets_that_run_or_open_things_are_not_followed(house, client, target, value_type):
    data = target if value_type == "URL" else f"<locations><location href='{target}'/></locations>"
    await seed(house, "88.900/u", value_type, data)
    response, text = await ask(client, "/88.900/u")
    assert (response.status, "Location" in response.headers) == (200, False)
    assert "is not followed" in text


async def test_a_strangers_host_is_never_repeated(house, client):
    await seed(house, "88.900/a", "HS_ALIAS", "88.900/b")
    await seed(house, "88.900/b", "URL", "https://u/")
    response, _text = await ask(client, "/88.900/a", headers={"Host": "evil.example"})
    assert "evil" not in str(response.headers)
    assert response.headers.get("Location", "/88.900/b") == "/88.900/b"
