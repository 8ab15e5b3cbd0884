"""Templates: reading, making, editing and deleting, in v3, v5 and v1 (snms-api.md §5)."""

import pytest

V3, V5, V1 = "/snms/api/v3/template", "/snms/api/v5/template", "/snms/api/template/v1"
KEY = {"prefix": "88.900.1", "version": "pump"}


def new_item(name, kind, index=None, **more):
    found = {
        "name": name,
        "idType": kind,
        "metadata": {"type": "string", "minLength": 0, "maxLength": 9},
    }
    return found | ({} if index is None else {"idIndex": index}) | more


async def test_v5_tells_all_of_a_template(pump):
    found = await pump.good("GET", V5, **KEY)
    assert found["handle"] == "88.900.1/tpl-pump"
    assert found["name"] == ""
    assert found["items"][0] == {
        "name": "型号",
        "idType": "model",
        "idIndex": 2000,
        "required": True,
        "metadataId": found["items"][0]["metadataId"],
        "metadata": {"type": "string", "minLength": 1, "maxLength": 64},
        "state": 1,
    }


@pytest.mark.parametrize("path", [V3, V1])
async def test_v3_and_v1_leave_out_handle_and_state(pump, path):
    found = await pump.good("GET", path, **KEY)
    assert "handle" not in found
    assert all("state" not in item and item["idIndex"] >= 2000 for item in found["items"])


async def test_v3_numbers_items_in_their_order(demo, template):
    for item in template["items"]:
        item.pop("idIndex", None)
    await demo.good("POST", V3, template)
    found = await demo.good("GET", V3, **KEY)
    assert [(item["idType"], item["idIndex"]) for item in found["items"]] == [
        ("model", 2000),
        ("batch", 2001),
    ]


async def test_an_index_may_come_as_text(demo, template):
    template["items"][0]["idIndex"] = "2000"
    await demo.good("POST", V5, template)
    assert (await demo.good("GET", V5, **KEY))["items"][0]["idIndex"] == 2000


@pytest.mark.parametrize("index", [1000, 1001, 1999])
async def test_reserved_indexes_are_refused(demo, template, index):
    template["items"][0]["idIndex"] = index
    assert await demo.bad("POST", V5, template) == (-2, f"索引{index}为系统保留索引")


@pytest.mark.parametrize("index", [1, 1500, 2147483648, 99999999999])
async def test_indexes_outside_the_range_are_refused(demo, template, index):
    template["items"][0]["idIndex"] = index
    assert await demo.bad("POST", V5, template) == (-2, "参数值不正确: items.0.idIndex")


async def test_a_template_exists_once(pump, template):
    assert await pump.bad("POST", V5, template) == (-2, "模板已存在")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"idIndex": 2001}, "索引2001重复"),
        ({"idType": "batch"}, "属性英文名称重复"),
        ({"name": "批次"}, "属性中文名称重复"),
    ],
)
async def test_items_are_unique_in_index_type_and_name(demo, template, change, text):
    template["items"][0] |= change
    assert await demo.bad("POST", V5, template) == (-2, text)
    assert await demo.bad("GET", V5, **KEY) == (-2, "模板不存在")


async def test_an_edit_changes_what_index_and_type_name_and_leaves_the_rest(pump, template):
    edited = template | {
        "description": "new",
        "items": [new_item("型号二", "model", 2000, state=0)],
    }
    await pump.good("PUT", V5, edited)
    found = await pump.good("GET", V5, **KEY)
    assert found["description"] == "new"
    assert [(i["name"], i["state"], i["required"]) for i in found["items"]] == [
        ("型号二", 0, True),
        ("批次", 1, False),
    ]


async def test_an_edit_without_state_keeps_the_present_one(pump, template):
    await pump.good("PUT", V5, template | {"items": [new_item("型号", "model", 2000, state=0)]})
    await pump.good("PUT", V5, template | {"items": [new_item("型号", "model", 2000)]})
    assert (await pump.good("GET", V5, **KEY))["items"][0]["state"] == 0


async def test_an_item_without_index_or_with_an_unknown_one_is_new(pump, template):
    items = [new_item("甲", "a"), new_item("乙", "b", 2500), new_item("丙", "c")]
    await pump.good("PUT", V5, template | {"items": items})
    found = await pump.good("GET", V5, **KEY)
    assert [(i["idType"], i["idIndex"]) for i in found["items"]] == [
        ("model", 2000),
        ("batch", 2001),
        ("a", 2002),
        ("b", 2500),
        ("c", 2501),
    ]


async def test_a_known_index_with_another_type_is_a_conflict(pump, template):
    edited = template | {"items": [new_item("甲", "other", 2000)]}
    assert await pump.bad("PUT", V5, edited) == (-2, "索引2000与属性英文名称不匹配")


async def test_a_new_item_needs_a_type_of_its_own(pump, template):
    edited = template | {"items": [new_item("甲", "model")]}
    assert await pump.bad("PUT", V5, edited) == (-2, "属性英文名称重复")


async def test_an_edit_that_fails_changes_nothing(pump, template):
    before = await pump.good("GET", V5, **KEY)
    edited = template | {"items": [new_item("甲", "a"), new_item("乙", "model")]}
    await pump.bad("PUT", V5, edited)
    assert await pump.good("GET", V5, **KEY) == before


async def test_the_type_of_an_attribute_may_have_any_case_unless_set_strict(
    demo, serve, call_on, template
):
    template["items"][0]["metadata"]["type"] = "String"
    await demo.good("POST", V5, template)
    template["items"][0]["metadata"]["type"] = "number"
    assert await demo.bad("PUT", V5, template) == (-2, "参数值不正确: items.0.metadata.type")


async def test_strict_types_are_lower_case(serve, call_on, template):
    strict = await call_on(await serve(snms_strict_types=True)).login("demo")
    template["items"][0]["metadata"]["type"] = "String"
    assert await strict.bad("POST", V5, template) == (-2, "参数值不正确: items.0.metadata.type")


async def test_a_template_in_use_can_be_deleted_and_its_identifiers_stay(pump, record):
    await pump.good("POST", "/identityv2/data", record("88.900.1/a"))
    assert await pump.good("DELETE", V5, KEY) is True
    assert await pump.bad("GET", V5, **KEY) == (-2, "模板不存在")
    await pump.good("GET", "/identityv2/data/detail", handle="88.900.1/a")
    assert await pump.bad("PUT", "/identityv2/data", record("88.900.1/a")) == (-2, "模板不存在")
    assert await pump.bad("DELETE", V5, KEY) == (-2, "模板不存在")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("industryCategory", "Z"),
        ("industrySpecific", "99"),
        ("industryTrade", "999"),
        ("industrySubclass", "9999"),
        ("type", 3),
    ],
)
async def test_codes_have_to_fit_each_other(demo, template, field, wrong):
    assert await demo.bad("POST", V5, template | {field: wrong}) == (-2, f"参数值不正确: {field}")


async def test_templates_survive_a_restart(serve, call_on, template):
    node = await serve()
    await (await call_on(node).login("demo")).good("POST", V5, template)
    await node.stop()
    again = await call_on(await serve()).login("demo")
    assert (await again.good("GET", V5, **KEY))["items"][1]["idType"] == "batch"
