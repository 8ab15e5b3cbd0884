"""Grants really decide who sees and changes what, on every face.

- Single grants: to everybody, to applications and groups, taken back again; editors see what they edit.
- Class grants: items to everybody or to somebody, for identifiers that are there and those to come.
- Who may see nothing gets 403, who may see something gets that and no more; over UDP a stranger sees what is public.
- Whom something cannot be granted to, and what cannot be granted, has codes of its own; who is granted gets a notice.
- Files are kept for items that take them, and fetched by who may read the item.
"""

import aiohttp
import pytest

from idnode.clients import aio
from idnode.clients.answer import Question

PUMP = "88.900.1/P-1"
CONTENT = {"model": "IS80", "weight": "41.5"}
OTHER = "88.900.1/App_other"
GROUP = "88.900.1/Group_qa"
SINGLE = "/single-handle/authorization"
CLASSES = "/open/classes-grant"


async def over_udp(node, handle=PUMP):
    async with aio.Client(node.addresses.handle_udp) as client:
        found = await client.query(Question(handle.encode()))
    return {value.type for value in found.values if value.index >= 2000}


@pytest.fixture
async def other(idhub, app):
    return await app(idhub, OTHER)


@pytest.fixture
async def meta(demo):
    meta = await demo.template()
    await demo.create(PUMP, meta, CONTENT)
    return meta


async def test_a_single_grant_is_given_and_taken_back(idhub, demo, other, meta):
    assert await other.values(PUMP) == 403
    grant = {"handle": PUMP, "grantType": 2, "readerScope": 2}
    await demo.good("POST", SINGLE, grant | {"handleUserReaders": [OTHER]})
    assert await other.values(PUMP) == CONTENT
    assert await over_udp(idhub) == set()
    changed = await other.write("0.DOIP/Op.Update", PUMP, meta, CONTENT)
    assert changed["code"] == 406
    await demo.good("POST", SINGLE, grant | {"handleUserWriters": [OTHER]})
    await other.write("0.DOIP.EXTEND/Op.Update.Non.Overlay", PUMP, meta, {"weight": "42"})
    assert (await demo.values(PUMP))["weight"] == "42"
    assert await over_udp(idhub) == set()
    both = {"delHandleUserReaders": [OTHER], "delHandleUserWriters": [OTHER]}
    await demo.good("POST", f"/open{SINGLE}", grant | both)
    assert await other.values(PUMP) == 403
    notices = await other.good("GET", "/open/message/appMessage", page=1, size=10)
    assert [(each["messageTitleType"], each["messageType"]) for each in notices["content"]] == [
        (5, 2),
        (2, 1),
    ]


async def test_a_group_is_granted_what_its_members_see(idhub, demo, other, meta, group):
    await group(idhub, GROUP, OTHER)
    await demo.good(
        "POST", SINGLE, {"handle": PUMP, "readerScope": 2, "handleUserReaders": [GROUP]}
    )
    assert await other.values(PUMP) == CONTENT
    assert (await other.good("GET", "/open/message/appMessage", page=1, size=10))["totalCount"] == 1
    users = await demo.good("GET", "/open/handle-user-group/list")
    assert [(each["userHandle"], each["type"]) for each in users] == [
        ("88.900.1/App_demo", 1),
        (OTHER, 1),
        (GROUP, 2),
    ]


async def test_items_of_a_class_are_public_for_what_is_and_what_comes(idhub, demo, other, meta):
    body = {"metaHandle": meta, "scope": 1, "items": ["model"]}
    await demo.good("POST", f"{CLASSES}/item/batch-public", body)
    await demo.create("88.900.1/P-2", meta, CONTENT)
    for handle in (PUMP, "88.900.1/P-2"):
        assert await over_udp(idhub, handle) == {"model"}
        assert await other.values(handle) == {"model": "IS80"}
        assert await demo.values(handle) == CONTENT
    await demo.good("POST", f"{CLASSES}/item/batch-public", body | {"scope": 2})
    assert await over_udp(idhub) == set()
    assert await other.values(PUMP) == 403


async def test_items_of_a_class_are_granted_to_somebody(idhub, demo, other, meta):
    view = {"item": "model", "authType": 1, "scope": 2, "handleUsers": [OTHER]}
    edit = {"item": ["weight"], "authType": 2, "scope": 2, "handleUsers": [OTHER]}
    body = {"metaHandle": meta, "accessList": [view, edit]}
    await demo.good("POST", f"{CLASSES}/authorization", body)
    assert await other.values(PUMP) == CONTENT
    assert await over_udp(idhub) == set()
    partly = "0.DOIP.EXTEND/Op.Update.Non.Overlay"
    assert (await other.write(partly, PUMP, meta, {"weight": "1"}))["code"] == 1
    assert (await other.write(partly, PUMP, meta, {"model": "X"}))["code"] == 406
    gone = {"item": "weight", "authType": 2, "scope": 2, "removeHandleUsers": [OTHER]}
    await demo.good("POST", f"{CLASSES}/authorization", {"metaHandle": meta, "accessList": [gone]})
    assert await other.values(PUMP) == {"model": "IS80"}


async def test_what_cannot_be_granted_has_codes(demo, other, meta):
    grant = {"handle": PUMP, "grantType": 2, "readerScope": 2}
    code, text = await demo.bad("POST", SINGLE, grant | {"handleUserReaders": ["88.900.1/P-1"]})
    assert (code, text) == (901, "授权的标识用户88.900.1/P-1不是应用身份")
    wrong = await demo.bad("POST", SINGLE, grant | {"grantType": 3})
    assert wrong == (106, "授权类型不合符（1同类授权2单个授权）")
    body = {"metaHandle": meta, "accessList": [{"item": "model", "authType": 3, "scope": 2}]}
    assert await demo.bad("POST", f"{CLASSES}/authorization", body) == (
        106,
        "授权类型不合符（1查看2编辑）",
    )
    body["accessList"][0] |= {"authType": 2, "scope": 1}
    assert (await demo.bad("POST", f"{CLASSES}/authorization", body))[0] == 800
    body["accessList"][0] |= {"item": "colour"}
    assert (await demo.bad("POST", f"{CLASSES}/authorization", body))[0] == 603
    missing = await demo(
        "POST", f"{CLASSES}/authorization", {"metaHandle": meta, "accessList": [{}]}
    )
    names = [each["name"] for each in missing["data"]["errors"]]
    assert "accessList[0].authType" in names
    assert (await other.bad("POST", SINGLE, {"handle": PUMP, "readerScope": 1}))[0] == 406


async def test_a_file_is_kept_and_fetched_by_who_may_read_it(demo, other, new_template, new_item):
    schema = {"dataType": 4, "fileRange": 2, "fileType": "4", "maxFileCount": 2}
    items = [new_item("model", "型号"), new_item("manual", "手册", schema=schema)]
    meta = await demo.template(new_template("f", metaItemCreateDTOS=items))

    async def upload(name, field="manual"):
        form = aiohttp.FormData()
        form.add_field("file", b"%PDF-1.7", filename=name)
        where = {"metaHandle": meta, "fileField": field}
        return await demo("POST", "/doip/file-upload", data=form, **where)

    kept = (await upload("手册.pdf"))["data"]
    assert kept["filePath"].endswith(".pdf")
    assert (await upload("x.exe"))["code"] == 106
    assert (await upload("x.pdf", "model"))["code"] == 106
    content = {"model": "IS80", "manual": kept["filePath"]}
    assert (
        await demo.write("0.DOIP/Op.Create", "88.900.1/F-2", meta, content | {"manual": "no.pdf"})
    )["code"] == 601
    await demo.create("88.900.1/F-1", meta, content)
    asked = {"filePath": kept["filePath"], "handle": "88.900.1/F-1", "field": "manual"}
    _status, kind, found = await demo.raw("GET", "/api/v1/doip/file-acquire", **asked)
    assert (kind, found) == ("application/pdf", b"%PDF-1.7")
    assert (await other.bad("GET", "/doip/file-acquire", **asked))[0] == 403
    wrong = asked | {"filePath": "no.pdf"}
    assert await demo.bad("GET", "/doip/file-acquire", **wrong) == (800, "获取文件失败")
