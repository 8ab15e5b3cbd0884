"""Operations on identifiers keep these promises.

- Values are judged by their items: type, length, range, date, required, unique, disabled, unknown.
- An update changes what it names and never removes, unless the setting has it so; required items stay.
- Only the creator deletes; only the own prefix is written; what is there is not made twice.
- Unknown operations and those without documented behaviour have codes of their own.
- What another face made is the whole enterprise's; secrets of records are never shown.
"""

import asyncio

import pytest

from idnode.clients.snms import Client as Snms
from idnode.clients.snms_answers import Attribute, Identifier, Template, TemplateItem
from idnode.clients.snms_requests import Account
from idnode.node.addresses import url_of

CREATE = "0.DOIP/Op.Create"
UPDATE = "0.DOIP/Op.Update"
PARTLY = "0.DOIP.EXTEND/Op.Update.Non.Overlay"
DELETE = "0.DOIP/Op.Delete"
GOOD = {"model": "IS80"}


@pytest.fixture
async def meta(demo, new_template, new_item):
    items = [
        new_item("model", "型号", required=1),
        new_item("serial", "序列号", uniqueField=1),
        new_item("count", "数量", schema={"dataType": 2, "accuracy": 0, "numberRange": "[1,10]"}),
        new_item("made", "日期", schema={"dataType": 3, "dateFormat": "yyyy-MM-dd"}),
        new_item("old", "旧", itemState=1),
        new_item(
            "part",
            "部件",
            schema={"dataType": 5, "referenceType": 2},
            itemReferenceDTO={"referenceMetaHandle": "88.900.1/META_x"},
        ),
    ]
    return await demo.template(new_template("typed", metaItemCreateDTOS=items))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({}, 601),
        ({"model": ""}, 601),
        ({"model": "x" * 65}, 601),
        ({"model": 5}, 601),
        (GOOD | {"count": "11"}, 601),
        (GOOD | {"count": "1.5"}, 601),
        (GOOD | {"count": "many"}, 601),
        (GOOD | {"made": "2026-13-01"}, 601),
        (GOOD | {"made": "20261301"}, 601),
        (GOOD | {"part": "nothing"}, 601),
        (GOOD | {"old": "x"}, 602),
        (GOOD | {"colour": "red"}, 603),
    ],
)
async def test_a_value_that_does_not_fit_is_refused(demo, meta, content, code):
    assert (await demo.write(CREATE, "88.900.1/P-1", meta, content))["code"] == code
    assert await demo.values("88.900.1/P-1") == 104


async def test_values_of_every_type_come_back(demo, meta):
    content = GOOD | {"count": 7, "made": "2026-11-29", "part": ["88.900.1/A", "88.900.1/B"]}
    await demo.create("88.900.1/P-1", meta, content)
    found = (await demo.retrieve("88.900.1/P-1"))["data"]
    elements = {each["type"]: each["data"] for each in found["attributes"]["elements"]}
    assert elements == content | {"count": "7"}
    assert found["values"][-1]["value"] == '["88.900.1/A","88.900.1/B"]'


async def test_an_update_changes_what_it_names(demo, meta):
    await demo.create("88.900.1/P-1", meta, GOOD | {"count": "7"})
    assert (await demo.write(PARTLY, "88.900.1/P-1", meta, {"count": "8"}))["code"] == 1
    assert await demo.values("88.900.1/P-1") == GOOD | {"count": "8"}
    assert (await demo.write(UPDATE, "88.900.1/P-1", meta, {"count": "9"}))["code"] == 601
    assert (await demo.write(UPDATE, "88.900.1/P-1", meta, {"model": "B"}))["code"] == 1
    assert await demo.values("88.900.1/P-1") == {"model": "B", "count": "8"}
    assert (await demo.write(PARTLY, "88.900.1/P-1", meta, {"model": ""}))["code"] == 601


async def test_an_overwriting_update_clears_by_setting(serve, app):
    node = await serve(idhub_update="clear")
    demo = await app(node)
    meta = await demo.template()
    await demo.create("88.900.1/P-1", meta, GOOD | {"weight": "1"})
    await demo.write(UPDATE, "88.900.1/P-1", meta, {"model": "B"})
    assert await demo.values("88.900.1/P-1") == {"model": "B"}


async def test_unique_values_are_given_once(demo, meta):
    await demo.create("88.900.1/P-1", meta, GOOD | {"serial": "1"})
    assert (await demo.write(CREATE, "88.900.1/P-2", meta, GOOD | {"serial": "1"}))["code"] == 601
    await demo.create("88.900.1/P-2", meta, GOOD | {"serial": "2"})
    assert (await demo.write(PARTLY, "88.900.1/P-2", meta, {"serial": "1"}))["code"] == 601
    await demo.write(DELETE, "88.900.1/P-1")
    assert (await demo.write(PARTLY, "88.900.1/P-2", meta, {"serial": "1"}))["code"] == 1


async def test_many_at_once_are_made_once(demo, meta):
    wanted = [demo.write(CREATE, "88.900.1/P-1", meta, GOOD) for _ in range(8)]
    codes = sorted(found["code"] for found in await asyncio.gather(*wanted))
    assert codes == [1] + [105] * 7


async def test_who_may_write_where(idhub, demo, meta, app):
    other = await app(idhub, "88.900.1/App_other")
    await demo.create("88.900.1/P-1", meta, GOOD)
    assert (await other.write(CREATE, "88.900.1/P-2", meta, GOOD))["code"] == 605
    assert (await other.write(PARTLY, "88.900.1/P-1", meta, GOOD))["code"] == 406
    assert (await other.write(DELETE, "88.900.1/P-1"))["code"] == 700
    assert (await demo.write(DELETE, "88.900.1/none"))["code"] == 104
    assert (await demo.write(CREATE, "88.900.2/P-1", meta, GOOD)) == {
        "code": 701,
        "message": "非本企业标识",
    }
    assert (await demo.write(CREATE, "P-1", meta, GOOD))["code"] == 40508
    assert (await demo.write(CREATE, "88.900.1/P-3", "88.900.1/META_no", GOOD))["code"] == 604


@pytest.mark.parametrize(
    ("operation", "code"),
    [("0.DOIP/Op.Search", 405), ("0.DOIP/Op.Hello", 405), ("nonsense", 404), ("", 404)],
)
async def test_operations_without_behaviour_have_codes(demo, operation, code):
    assert (await demo.write(operation, "88.900.1/P-1"))["code"] == code
    found = await demo("GET", "/doip", targetId="88.900.1/P-1", operationId=operation)
    assert found["code"] == code


async def test_what_another_face_made_is_the_enterprises(idhub, demo):
    async with Snms(url_of(idhub.addresses.http), Account("demo", "idnode-demo")) as snms:
        items = (TemplateItem("型号", "model", 2000),)
        await snms.create_template(Template("88.900.1", "valve", items))
        record = Identifier("88.900.1/V-1", "valve", (Attribute(2000, "model", "V"),))
        await snms.create(record)
        assert await demo.values("88.900.1/V-1") == {"model": "V"}
        found = (await demo.retrieve("88.900.1/V-1"))["data"]
        assert found["type"] == "88.900.1/tpl-valve"
        await demo.write(PARTLY, "88.900.1/V-1", "88.900.1/tpl-valve", {"model": "W"})
        assert (await snms.detail("88.900.1/V-1")).attributes[-1].value == "W"
    assert (await demo.write(DELETE, "88.900.1/V-1"))["code"] == 1
    assert await demo.values("88.900.1/hello") == {
        "URL": "https://example.org/hello",
        "DESC": "你好，工业互联网",
    }


async def test_no_key_of_a_record_is_shown(demo):
    for handle in ("0.NA/88.900.1", "0.NA/88.900", "88.900.1/App_demo"):
        found = await demo.values(handle)
        assert found == 403 or not any("HS_" in name for name in found)


async def test_the_guides_success_codes_by_setting(serve, app):
    node = await serve(idhub_success="guide", idhub_new_handles="public")
    demo = await app(node)
    created = await demo("POST", "/open/meta/create", _template())
    meta = created["data"]["metaHandle"]
    body = {"metaHandleList": [meta], "opType": "publish"}
    published = await demo("PUT", "/open/meta/publish-or-withdraw", body)
    made = await demo.write(CREATE, "88.900.1/P-1", meta, GOOD)
    assert [each["code"] for each in (created, published, made)] == [1, 10000, 10000]
    async with Snms(url_of(node.addresses.http), Account("demo", "idnode-demo")) as snms:
        assert (await snms.detail("88.900.1/P-1")).attributes[-1].value == "IS80"


def _template():
    schema = {"dataType": 1, "maxLength": 9}
    item = {
        "itemCode": "m",
        "englishName": "model",
        "chineseName": "型号",
        "itemSchemaCreateDTO": schema,
    }
    return {
        "classifyCode": "UN_CLASSIFIED", "metaName": "n", "metaCode": "c", "industryCategory": "C",
        "industrySpecific": "34", "industryTrade": "344", "industrySubclass": "3441",
        "metaItemCreateDTOS": [item],
    }  # fmt: skip
