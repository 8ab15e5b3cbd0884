"""Metadata templates keep these promises.

- A template comes back as it was made, with defaults; its items are numbered from 2000.
- Head and items are edited in place; what is not there, another's, a copy's or published is not.
- Publishing has an outcome for each template; deletion takes own, withdrawn ones, all or none.
- A template that is public or granted can be copied by another application; a copy's items stay as they are.
- Lists filter by class, state and handle; pages are asked for from 0 and answered from 1.
- Templates are those of SNMS, as far as they have characters only.
"""

import pytest

from idnode.clients.snms import Client as Snms
from idnode.clients.snms_answers import Attribute, Identifier, RuleBroken
from idnode.clients.snms_requests import Account
from idnode.node.addresses import url_of

META = "/open/meta"


async def test_a_template_comes_back_as_it_was_made(demo, new_template):
    handle = await demo.template(new_template(metaDesc="水泵", standard="GB/T 1"), publish=False)
    found = await demo.good("GET", f"{META}/info", metaHandle=handle)
    assert found["metaState"] == 0
    assert found["industry"] == "制造业/34/344/3441"
    assert (found["metaContributor"], found["metaDesc"]) == ("88.900.1", "水泵")
    assert found["createdBy"] == demo.handle
    assert [each["itemIndex"] for each in found["itemVOS"]] == [2000, 2001]
    assert found["itemVOS"][1]["itemSchemaVO"] == {"dataType": 2, "accuracy": 1}
    assert found["itemVOS"][0]["listItemNecessary"] == 1


async def test_nulls_stand_for_absent_members(demo, new_template):
    new = new_template(metaHandle=None, standard=None)
    new["metaItemCreateDTOS"][0] |= {"itemIndex": None, "comment": None, "itemReferenceDTO": {}}
    assert await demo.template(new)


async def test_what_does_not_fit_is_told_by_its_place(demo, new_template):
    new = new_template()
    del new["metaName"]
    new["metaItemCreateDTOS"][1]["itemSchemaCreateDTO"] = {"dataType": 9}
    found = await demo("POST", f"{META}/create", new)
    assert (found["code"], found["message"]) == (30000, "validate.bind.error")
    assert {each["name"]: each["errorMsg"] for each in found["data"]["errors"]} == {
        "metaName": "入参metaName不能为空",
        "metaItemCreateDTOS[1].itemSchemaCreateDTO.dataType": (
            "入参metaItemCreateDTOS[1].itemSchemaCreateDTO.dataType的值应为1, 2, 3, 4, 5, 6, 7或8"
        ),
    }


async def test_the_guides_own_refusals(demo):
    found = await demo(
        "PUT", f"{META}/publish-or-withdraw", {"metaHandleList": [], "opType": "publish"}
    )
    assert found["data"]["errors"] == [
        {"name": "metaHandleList", "errorMsg": "入参元数据标识列表metaHandleList不能为空"}
    ]
    assert await demo.bad("GET", f"{META}/info", metaHandle="88.900.1/META_no") == (
        604,
        "元数据不存在",
    )
    head = {
        "classifyCode": "UN_CLASSIFIED", "metaHandle": "88.900.1/META_no", "metaName": "n",
        "metaCode": "c", "industryCategory": "C", "industrySpecific": "34",
        "industryTrade": "344", "industrySubclass": "3441",
    }  # fmt: skip
    assert await demo.bad("PUT", f"{META}/update-basic-info", head) == (
        60005,
        "接口参数错误:入参metaHandle异常：要修改的元数据不存在!",
    )


async def test_head_and_items_are_edited_in_place(demo, new_template, new_item):
    handle = await demo.template()
    head = {k: v for k, v in new_template("pump02").items() if k != "metaItemCreateDTOS"}
    await demo.good(
        "PUT", f"{META}/update-basic-info", head | {"metaHandle": handle, "metaName": "P"}
    )
    items = [new_item("model", "产品型号", itemIndex=2000), new_item("colour", "颜色")]
    await demo.good("PUT", f"{META}/update-item", {"metaHanlde": handle, "metaItemDTOS": items})
    found = await demo.good("GET", f"{META}/info", metaHandle=handle)
    assert (found["metaName"], found["metaCode"]) == ("P", "pump02")
    assert {each["itemIndex"]: each["chineseName"] for each in found["itemVOS"]} == {
        2000: "产品型号",
        2001: "重量",
        2002: "颜色",
    }
    again = {"metaHandle": handle, "metaItemDTOS": [new_item("colour", "色")]}
    assert (await demo.bad("PUT", f"{META}/update-item", again))[0] == 807


async def test_deletion_takes_own_withdrawn_templates_all_or_none(idhub, demo, app, new_template):
    other = await app(idhub, "88.900.1/App_other")
    mine, theirs = await demo.template(), await other.template(new_template("x"))
    assert await demo.bad("DELETE", f"{META}/delete", metaHandleList=theirs) == (
        606,
        f"元数据删除失败:[{theirs}]元数据不是自己创建，不能删除",
    )
    assert (await demo.bad("DELETE", f"{META}/delete", metaHandleList=mine))[0] == 606
    (outcome, absent) = await demo.good(
        "PUT",
        f"{META}/publish-or-withdraw",
        {"metaHandleList": [mine, "88.900.1/META_no"], "opType": "withdraw"},
    )
    assert outcome["state"] == "success"
    assert absent == {
        "metaHandle": "88.900.1/META_no",
        "state": "failed",
        "reason": "元数据标识88.900.1/META_no不存在",
    }
    await demo.good("DELETE", f"{META}/delete", metaHandleList=mine)
    assert (await demo.bad("GET", f"{META}/info", metaHandle=mine))[0] == 604


async def test_a_granted_template_is_copied_and_its_items_stay(idhub, demo, app, new_item):
    other = await app(idhub, "88.900.1/App_other")
    handle = await demo.template()
    body = {"baseonHandle": handle, "baseInfo": {"metaCode": "c1", "classifyCode": "sp"}}
    assert await other.bad("POST", f"{META}/baseon-create", body) == (60001, "没有权限查看数据")
    grant = {"scope": 2, "metaHandle": handle, "handleList": [other.handle]}
    await demo.good("POST", f"{META}/grant-info", grant)
    copy = (await other.good("POST", f"{META}/baseon-create", body))["metaHandle"]
    edit = {"metaHandle": copy, "metaItemDTOS": [new_item("a", "甲")]}
    assert (await other.bad("PUT", f"{META}/update-item", edit))[0] == 605
    rows = (await other.good("GET", f"{META}/page", classifyCode="sp"))["content"]
    assert [(each["metaHandle"], each["isQuote"], each["classifyName"]) for each in rows] == [
        (copy, 1, "sp")
    ]
    tree = await other.good("GET", f"{META}/classify-query")
    assert [each["classifyCode"] for each in tree] == ["UN_CLASSIFIED", "sp"]
    notices = await other.good("GET", "/open/message/appMessage", page=1, size=10)
    assert [each["messageTitleType"] for each in notices["content"]] == [1]


async def test_lists_filter_and_page(demo, new_template):
    made = [await demo.template(new_template(f"c{n}"), publish=n == 0) for n in range(3)]
    asked = {"classifyCode": "UN_CLASSIFIED", "size": 2}
    first = await demo.good("GET", f"{META}/page", **asked)
    second = await demo.good("GET", f"{META}/page", page=1, **asked)
    assert (first["pageNumber"], second["pageNumber"], first["totalPage"]) == (1, 2, 2)
    rows = [each["metaHandle"] for each in first["content"] + second["content"]]
    assert sorted(rows) == sorted(made)
    published = await demo.good("GET", f"{META}/page", metaState=1, **asked)
    assert [each["metaHandle"] for each in published["content"]] == made[:1]
    assert (await demo.bad("GET", f"{META}/page", page="x", **asked))[0] == 106
    assert (await demo.bad("GET", f"{META}/page"))[0] == 106


async def test_a_resolved_template_names_its_items(demo):
    handle = await demo.template()
    found = (await demo.retrieve(handle))["data"]
    assert found["type"] == "0.TYPE/DO.DOIPMETA"
    content = found["attributes"]["content"]
    assert (content["required"], content["listItem"]) == (["model"], ["model", "weight"])
    assert content["itemInfos"][1]["itemSchemaInfo"]["dataTypeString"] == "数值型"
    await demo.publish(handle, "withdraw")
    assert (await demo.retrieve(handle))["code"] == 600


async def test_templates_are_those_of_snms(idhub, demo, new_template, new_item):
    plain = await demo.template(
        new_template("plain", metaItemCreateDTOS=[new_item("model", "型号")])
    )
    await demo.template(new_template("typed"))
    hidden = new_template("hidden", metaItemCreateDTOS=[new_item("model", "型号")])
    await demo.template(hidden, publish=False)
    async with Snms(url_of(idhub.addresses.http), Account("demo", "idnode-demo")) as snms:
        found = await snms.template("88.900.1", "plain")
        assert found.handle == plain
        await snms.create(Identifier("88.900.1/S-1", "plain", (Attribute(2000, "model", "IS80"),)))
        with pytest.raises(RuleBroken):
            await snms.template("88.900.1", "typed")
        record = Identifier("88.900.1/S-2", "hidden", (Attribute(2000, "model", "IS80"),))
        with pytest.raises(RuleBroken):
            await snms.create(record)
    assert await demo.values("88.900.1/S-1") == {"model": "IS80"}
