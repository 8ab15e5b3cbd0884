"""Identifiers: reading, registering, changing and deleting, one by one and many (snms-api.md §6)."""

import pytest

from idnode.clients.web import Client
from idnode.clients.web_requests import Credential
from idnode.node.addresses import url_of
from idnode.node.first_start.prefixes import administrators_of
from idnode.registry.handle.model import HandleValue

DATA = "/identityv2/data"
HANDLE = "88.900.1/P-1"


async def values_of(caller, handle=HANDLE):
    found = await caller.good("GET", f"{DATA}/detail", handle=handle)
    return {each["index"]: each["data"]["value"] for each in found["value"]}


async def test_a_detail_has_the_template_and_the_values(pump, record):
    await pump.good("POST", DATA, record(HANDLE))
    found = await pump.good("GET", f"{DATA}/detail", handle=HANDLE)
    assert found == {
        "code": "200",
        "prefix": "88.900.1",
        "handle": HANDLE,
        "templateVersion": "pump",
        "value": [
            {"auth": "1", "index": index, "type": kind, "data": {"format": "string", "value": text}}
            for index, kind, text in (
                (1000, "TEMPLATE_ID", "88.900.1/tpl-pump"),
                (1001, "TEMPLATE", "pump"),
                (2000, "model", "IS80-65"),
            )
        ],
    }


async def test_everybody_reads_unless_the_setting_says_no(pump, record, anybody, serve, call_on):
    await pump.good("POST", DATA, record(HANDLE))
    await anybody.good("GET", f"{DATA}/detail", handle=HANDLE)
    await anybody.good("GET", "/api/identityv2/query/data", handle=HANDLE)


async def test_a_token_is_needed_where_the_setting_says_so(serve, call_on):
    node = await serve(snms_public_resolve=False)
    anybody, demo = call_on(node), await call_on(node).login("demo")
    query = {"handle": "88.900.1/hello"}
    assert (await anybody.bad("GET", f"{DATA}/detail", **query))[0] == -1
    await demo.good("GET", f"{DATA}/detail", **query)
    await anybody.good("GET", "/api/identityv2/query/data", **query)


async def test_a_handle_is_needed_and_unknown_ones_are_told(anybody):
    assert await anybody.bad("GET", f"{DATA}/detail") == (-2, "缺少必要的请求参数: handle")
    for handle in ("88.900.1/none", "99.9.9/elsewhere", "noslash"):
        query = {"handle": handle}
        assert await anybody.bad("GET", f"{DATA}/detail", **query) == (-2, "没有找到标识")


async def test_the_slash_may_come_encoded_or_not_and_case_does_not_matter(anybody):
    for written in ("88.900.1/hello", "88.900.1%2Fhello", "88.900.1/HELLO"):
        _, found = await anybody.raw("GET", f"{DATA}/detail?handle={written}")
        assert found["status"] == 1


async def test_an_identifier_is_registered_once(pump, record):
    assert await pump.good("POST", DATA, record(HANDLE)) is True
    assert await pump.bad("POST", DATA, record(HANDLE)) == (-2, "标识已存在")
    assert await pump.bad("POST", DATA, record(HANDLE.lower())) == (-2, "标识已存在")


async def test_an_update_replaces_what_it_names_and_keeps_the_rest(pump, record, item):
    await pump.good("POST", DATA, record(HANDLE, item(), item(2001, "batch", "B1")))
    await pump.good("PUT", DATA, record(HANDLE, item(2001, "batch", "B2")))
    assert await values_of(pump) == {
        1000: "88.900.1/tpl-pump",
        1001: "pump",
        2000: "IS80-65",
        2001: "B2",
    }


async def test_an_update_replaces_everything_where_the_setting_says_so(
    serve, call_on, template, record, item
):
    caller = await call_on(await serve(snms_update="replace")).login("demo")
    await caller.good("POST", "/snms/api/v5/template", template)
    await caller.good("POST", DATA, record(HANDLE, item(), item(2001, "batch", "B1")))
    await caller.good("PUT", DATA, record(HANDLE, item(text="IS100")))
    assert set(await values_of(caller)) == {1000, 1001, 2000}
    only_batch = record(HANDLE, item(2001, "batch", "B2"))
    assert await caller.bad("PUT", DATA, only_batch) == (-2, "缺少必填属性: model")
    unknown = record("88.900.1/none")
    assert await caller.bad("PUT", DATA, unknown) == (-2, "没有找到标识")


OWNED = administrators_of(b"88.900.1")


async def test_an_account_changes_no_record_of_others(pump, record, snms):
    admin = Credential(301, "0.NA/88.900", "idnode-demo")
    async with Client(url_of(snms.addresses.http), admin) as web:
        await web.create(HANDLE, [HandleValue(1, "URL", b"https://example.org/")])
    assert (await pump.bad("PUT", DATA, record(HANDLE)))[0] == -3
    assert (await pump.bad("DELETE", DATA, {"handle": HANDLE}))[0] == -3


async def test_what_is_required_may_be_there_already(pump, record, item, snms):
    admin = Credential(301, "0.NA/88.900.1", "idnode-demo")
    async with Client(url_of(snms.addresses.http), admin) as web:
        await web.create(HANDLE, [HandleValue(1, "URL", b"https://example.org/"), OWNED])
    only_batch = record(HANDLE, item(2001, "batch", "B2"))
    assert await pump.bad("PUT", DATA, only_batch) == (-2, "缺少必填属性: model")
    await pump.good("PUT", DATA, record(HANDLE))
    await pump.good("PUT", DATA, only_batch)


async def test_unknown_identifiers_cannot_be_changed_or_deleted(pump, record):
    assert await pump.bad("PUT", DATA, record(HANDLE)) == (-2, "没有找到标识")
    assert await pump.bad("DELETE", DATA, {"handle": HANDLE}) == (-2, "没有找到标识")


async def test_the_first_of_two_in_a_batch_wins(pump, record, item):
    batch = [record(HANDLE), record(HANDLE, item(text="later"))]
    assert await pump.good("POST", f"{DATA}/batchCreate", batch) == [
        {"handle": HANDLE, "msg": "success"},
        {"handle": HANDLE, "msg": "标识已存在"},
    ]
    assert (await values_of(pump))[2000] == "IS80-65"


async def test_an_empty_batch_is_answered_with_nothing(pump):
    assert await pump.good("POST", f"{DATA}/batchCreate", []) == []
    assert await pump.good("DELETE", f"{DATA}/batchDelete", []) == []


@pytest.mark.parametrize("wrapped", [True, False])
async def test_a_batch_deletion_takes_an_array_or_its_wrapper(pump, record, wrapped):
    await pump.good("POST", DATA, record(HANDLE))
    body = {"handles": [HANDLE, "88.900.1/none"]} if wrapped else [HANDLE, "88.900.1/none"]
    assert await pump.good("DELETE", f"{DATA}/batchDelete", body) == [
        {"handle": HANDLE, "code": 1, "msg": "success"},
        {"handle": "88.900.1/none", "code": -2, "msg": "标识不存在"},
    ]


async def test_the_longest_value_is_the_settings_and_the_templates(
    serve, call_on, template, record, item
):
    template["items"][0]["metadata"]["maxLength"] = 5000
    caller = await call_on(await serve()).login("demo")
    await caller.good("POST", "/snms/api/v5/template", template)
    await caller.good("POST", DATA, record(HANDLE, item(text="型" * 255)))
    longer = record("88.900.1/P-2", item(text="型" * 256))
    assert await caller.bad("POST", DATA, longer) == (-2, "索引2000的值长度应在1到255之间")


async def test_the_setting_allows_longer_values(serve, call_on, template, record, item):
    template["items"][0]["metadata"]["maxLength"] = 5000
    caller = await call_on(await serve(snms_value_max=4000)).login("demo")
    await caller.good("POST", "/snms/api/v5/template", template)
    await caller.good("POST", DATA, record(HANDLE, item(text="型" * 4000)))
    longer = record("88.900.1/P-2", item(text="型" * 4001))
    assert await caller.bad("POST", DATA, longer) == (-2, "索引2000的值长度应在1到4000之间")


async def test_restricted_values_stay_hidden_and_unwritable(pump, record, snms):
    admin = Credential(301, "0.NA/88.900.1", "idnode-demo")
    async with Client(url_of(snms.addresses.http), admin) as web:
        hidden = HandleValue(2000, "model", b"mine", permissions=0x08)
        await web.create(HANDLE, [hidden, HandleValue(7, "BLOB", b"\x00\xff")])
    found = await pump.good("GET", f"{DATA}/detail", handle=HANDLE)
    assert [each["data"] for each in found["value"]] == [{"format": "base64", "value": "AP8="}]
    assert await pump.bad("PUT", DATA, record(HANDLE)) == (-3, "无操作权限")


async def test_an_administrator_acts_under_every_prefix(admin, pump, record):
    await admin.good("POST", DATA, record(HANDLE))
    await admin.good("DELETE", DATA, {"handle": HANDLE})
