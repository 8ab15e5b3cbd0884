"""Enterprises and prefixes: application, pages, configuration, and who sees what (snms-api.md §8)."""

import pytest

from idnode.registry.fetching import fetched
from idnode.registry.handle import values
from idnode.registry.handle.types.hs_site import decode_site

PREFIX = "88.900.7"


async def files_of(caller):
    return [(await caller.upload())["data"]["id"] for _ in range(3)]


async def test_an_application_makes_account_enterprise_and_prefix(gear, form):
    (row,) = (await gear.good("GET", "/snms/api/v3/ent/page"))["content"]
    assert row["orgName"] == "齿轮厂"
    assert len(row["entGeneralId"]) == 16
    found = await gear.good("GET", "/snms/api/v3/ent/detail", id=row["id"])
    assert set(found) == {
        "entBasicInfo",
        "entRegisterManageInfo",
        "entHostingAndIdentifyServeInfo",
    }
    assert found["entBasicInfo"]["legalName"] == "李四"
    prefix = await gear.good("GET", "/snms/api/prefix/query", prefix=PREFIX)
    assert (prefix["status"], prefix["entNameCn"], prefix["entIndustry"]) == (1, "齿轮厂", "C34")
    assert prefix["entWebSite"] == prefix["entSite"] == "https://gear.example.org"


async def test_only_an_administrator_applies_for_others(demo, form, user):
    body = form(PREFIX, await files_of(demo)) | {"sysUser": user}
    assert await demo.bad("POST", "/snms/api/v3/ent/apply", body) == (-3, "无操作权限")
    known = form(PREFIX, [1, 2, 3]) | {"username": "admin"}
    assert await demo.bad("POST", "/snms/api/v3/ent/upgrade-apply", known) == (-3, "无操作权限")


async def test_a_refused_application_leaves_nothing(admin, form, user, call_on, snms):
    good = form(PREFIX, await files_of(admin)) | {"sysUser": user}
    refusals = {
        "前缀已被占用": {"entPrefix": "88.900.1"},
        "前缀不属于本二级节点": {"entPrefix": "88.901.1"},
        "文件不存在": {"orgCrtImgRid": 10**9},
        "证件号码已存在": {"orgCrtCode": "91110000DEMO000001"},
        "参数值不正确: entBasicInfo.orgAddrCity": {"orgAddrCity": "110100"},
        "参数值不正确: entBasicInfo.industrySpecific": {"industrySpecific": "01"},
        "参数值不正确: entBasicInfo.orgNature": {"orgNature": "6"},
        "缺少必要的请求参数: entBasicInfo.legalName": {"legalName": None},
        "参数长度超出限制: entBasicInfo.orgName": {"orgName": "x" * 256},
    }
    for text, change in refusals.items():
        body = good | {"entBasicInfo": good["entBasicInfo"] | change}
        assert await admin.bad("POST", "/snms/api/v3/ent/apply", body) == (-2, text)
    three = good["entRegisterManageInfo"]["entInfoSyses"][:3]
    manage = good["entRegisterManageInfo"] | {"entInfoSyses": three}
    body = good | {"entRegisterManageInfo": manage}
    assert (await admin.bad("POST", "/snms/api/v3/ent/apply", body))[0] == -2
    assert (await admin.good("GET", "/snms/api/v3/ent/page"))["totalElements"] == 1
    login = {"username": "gear", "password": "pw"}
    assert (await call_on(snms).bad("POST", "/identity/token", login))[0] == -2
    await admin.good("POST", "/snms/api/v3/ent/apply", good)


async def test_a_file_belongs_to_one_enterprise(admin, gear, form, user):
    (row,) = (await gear.good("GET", "/snms/api/v3/ent/page"))["content"]
    found = await gear.good("GET", "/snms/api/v3/ent/detail", id=row["id"])
    used = found["entBasicInfo"]["orgCrtImgRid"]
    files = [used, *(await files_of(admin))[1:]]
    other = user | {"userName": "b", "email": "b@x", "mobile": "2"}
    body = form("88.900.8", files, code="91320500TEST000002") | {"sysUser": other}
    assert await admin.bad("POST", "/snms/api/v3/ent/apply", body) == (-2, "文件已被使用")


async def test_an_enterprise_edits_itself_and_keeps_its_files(gear):
    (row,) = (await gear.good("GET", "/snms/api/v3/ent/page"))["content"]
    body = await gear.good("GET", "/snms/api/v3/ent/detail", id=row["id"])
    body["entBasicInfo"]["orgName"] = "新齿轮厂"
    body["username"] = "gear"
    assert await gear.good("POST", "/snms/api/v3/ent/upgrade-apply", body) is True
    (row,) = (await gear.good("GET", "/snms/api/v3/ent/page"))["content"]
    assert row["orgName"] == "新齿轮厂"
    prefix = await gear.good("GET", "/snms/api/prefix/query", prefix=PREFIX)
    assert prefix["status"] == 1


async def test_everybody_sees_what_is_theirs_an_administrator_all(gear, demo, admin):
    for caller, names in (
        (gear, {"齿轮厂"}),
        (demo, {"示例企业"}),
        (admin, {"齿轮厂", "示例企业"}),
    ):
        page = await caller.good("GET", "/snms/api/v3/ent/page")
        assert {row["orgName"] for row in page["content"]} == names
        page = await caller.good("GET", "/snms/api/prefix/page")
        assert {row["entName"] for row in page["content"]} == names
    assert (await demo.bad("GET", "/snms/api/prefix/query", prefix=PREFIX))[0] == -3
    assert (await demo.bad("GET", "/snms/api/v3/ent/detail", id="2"))[0] == -3
    assert (await demo.bad("GET", "/snms/api/v3/ent/detail", id="99"))[0] == -3
    assert await admin.bad("GET", "/snms/api/v3/ent/detail", id="99") == (-2, "企业不存在")
    assert await admin.bad("GET", "/snms/api/prefix/query", prefix="88.900.99") == (
        -2,
        "前缀不存在",
    )


async def test_pages_say_where_they_stand(gear, admin):
    page = await admin.good("GET", "/snms/api/prefix/page", pageSize="1", currentPage="2")
    content = page.pop("content")
    assert page == {
        "first": False,
        "last": True,
        "totalPages": 2,
        "totalElements": 2,
        "number": 2,
        "size": 1,
        "sort": None,
        "numberOfElements": 1,
    }
    assert content[0]["entPrefix"] == content[0]["entprefix"] == PREFIX
    assert (content[0]["state"], content[0]["proxyState"]) == (1, 1)
    empty = await admin.good("GET", "/snms/api/prefix/page", startDate="2999-01-01 00:00:00")
    assert (empty["totalElements"], empty["first"], empty["last"]) == (0, True, True)
    found = await admin.good("GET", "/snms/api/prefix/page", entPrefix=".7", entName="", endDate="")
    assert found["totalElements"] == 1


async def test_an_enterprise_gets_hosted_and_registers(gear, template, record):
    template["prefix"] = PREFIX
    await gear.good("POST", "/snms/api/v3/template", template)
    wanted = record(f"{PREFIX}/a")
    assert await gear.bad("POST", "/identityv2/data", wanted) == (-2, "前缀未托管")
    unknown = {"proxyServerId": 9, "entPrefixConfig": {"entPrefix": PREFIX}}
    assert await gear.bad("POST", "/snms/api/ent/config", unknown) == (-2, "托管服务器不存在")
    hosted = {"proxyServerId": 1, "entPrefixConfig": {"entPrefix": PREFIX}}
    assert await gear.good("POST", "/snms/api/ent/config", hosted) is True
    assert await gear.good("POST", "/identityv2/data", wanted) is True


@pytest.mark.parametrize(
    ("ip", "kind"), [("192.0.2.10", "4"), ("192.0.2.10", 4), ("2001:db8::1", "6")]
)
async def test_an_enterprise_names_its_own_server(snms, gear, ip, kind):
    server = {
        "entPrefix": PREFIX,
        "hdlType": "HS_SITE",
        "ip": ip,
        "ipType": kind,
        "tcpPort": "2641",
        "udpPort": 2642,
        "httpPort": "",
    }
    assert await gear.good("POST", "/snms/api/ent/config", {"entPrefixConfig": server}) is True
    stored = (await fetched(lambda: snms.register.lookup(f"0.NA/{PREFIX}".encode()))).values
    (span,) = [span for span in values.spans(stored) if span.index == 1]
    (found,) = decode_site(values.data_of(stored, span)).servers
    assert found.host == ip
    assert [interface.port for interface in found.interfaces] == [2641, 2642]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"tcpPort": ""}, "缺少必要的请求参数: entPrefixConfig.tcpPort"),
        ({"ip": "x"}, "参数值不正确: entPrefixConfig.ip"),
        ({"ipType": "6"}, "参数值不正确: entPrefixConfig.ip"),
        ({"hdlType": "HS_CERT"}, "参数值不正确: entPrefixConfig.hdlType"),
        ({"hdlType": None}, "缺少必要的请求参数: entPrefixConfig.hdlType"),
        ({"tcpPort": "70000"}, "参数值不正确: entPrefixConfig.tcpPort"),
    ],
)
async def test_a_server_that_cannot_be_reached_is_refused(snms, gear, change, text):
    server = {
        "entPrefix": PREFIX,
        "hdlType": "HS_SITE",
        "ip": "192.0.2.10",
        "ipType": "4",
        "tcpPort": "2641",
    }
    body = {"entPrefixConfig": server | change}
    assert await gear.bad("POST", "/snms/api/ent/config", body) == (-2, text)


async def test_an_enterprise_administers_its_prefix_over_json(gear, digest):
    hosted = {"proxyServerId": 1, "entPrefixConfig": {"entPrefix": PREFIX}}
    await gear.good("POST", "/snms/api/ent/config", hosted)
    from idnode.clients.web_requests import Credential

    secret = Credential(301, f"0.NA/{PREFIX}", digest("pw")).authorization()
    values_sent = [{"index": 1, "type": "URL", "data": "https://example.org/"}]
    path = f"/api/handles/{PREFIX}/json"
    async with gear.session.put(
        path, json=values_sent, headers={"Authorization": secret}
    ) as answer:
        assert answer.status == 201
    await gear.good("GET", "/identityv2/data/detail", handle=f"{PREFIX}/json")
