"""Errors of the SNMS face teach: they name the member by its place, what came, and what is allowed.

- Texts that the guide gives stand first and unchanged; the explanation follows in brackets.
- A body in another encoding, of another kind, empty or broken off is told apart; one that is too long is told the limit.
- A password is never said back.
"""

import pytest

V5 = "/snms/api/v5/template"
CONFIG = "/snms/api/ent/config"
APPLY = "/snms/api/v3/ent/apply"


@pytest.fixture
def user():
    return {"userName": "gear", "password": "a" * 64, "email": "g@example.org", "mobile": "139"}


async def test_the_kind_of_a_server_is_named(demo):
    body = {"entPrefix": "88.900.1", "hdlType": "HS_CERT", "ip": "192.0.2.1", "ipType": "4"}
    assert await demo.told("POST", CONFIG, {"entPrefixConfig": body | {"tcpPort": "1"}}) == (
        -2,
        '参数值不正确: entPrefixConfig.hdlType（收到"HS_CERT"，应为HS_SITE，这是唯一支持的类型）',
    )
    wrong = body | {"hdlType": "HS_SITE", "ipType": "6", "tcpPort": "1"}
    assert (await demo.told("POST", CONFIG, {"entPrefixConfig": wrong}))[1] == (
        '参数值不正确: entPrefixConfig.ip（收到"192.0.2.1"，应为与ipType一致的IP地址）'
    )
    wrong = body | {"hdlType": "HS_SITE", "udpPort": "70000"}
    assert (await demo.told("POST", CONFIG, {"entPrefixConfig": wrong}))[1] == (
        '参数值不正确: entPrefixConfig.udpPort（收到"70000"，应为1到65535之间的端口）'
    )


async def test_a_deployment_is_told_its_place(admin, form, user):
    application = form("88.900.7", [1, 2, 3]) | {"sysUser": user}
    first = application["entRegisterManageInfo"]["entInfoSyses"][0]
    del first["deployAddrCity"]
    assert (await admin.told("POST", APPLY, application))[1] == (
        "参数值不正确: entRegisterManageInfo.entInfoSyses.0（应为deployMode为1时同时填写"
        "deployAddrProvince、deployAddrCity和deployAddr）"
    )
    first |= {"deployMode": 2}
    assert "deployMode为2时填写name" in (await admin.told("POST", APPLY, application))[1]
    first |= {"deployMode": 3}
    assert (await admin.told("POST", APPLY, application))[1] == (
        '参数值不正确: entRegisterManageInfo.entInfoSyses.0.deployMode（收到"3"，应为1或2）'
    )


async def test_what_is_taken_or_absent_is_told_its_member_and_what_came(
    admin, form, user, pump, record
):
    files = [(await admin.upload())["data"]["id"] for _ in range(3)]
    good = form("88.900.7", files) | {"sysUser": user}

    async def told(part, member, value):
        changed = good | {part: good[part] | {member: value}}
        return (await admin.told("POST", APPLY, changed))[1]

    basic, absent = "entBasicInfo", 10**9
    assert await told(basic, "orgCrtImgRid", absent) == (
        '文件不存在（entBasicInfo.orgCrtImgRid，收到"1000000000"，应为file/upload返回的id）'
    )
    assert await told(basic, "entPrefix", "88.900.1") == (
        '前缀已被占用（entBasicInfo.entPrefix，收到"88.900.1"）'
    )
    assert await told(basic, "entPrefix", "88.901.1") == (
        '前缀不属于本二级节点（entBasicInfo.entPrefix，收到"88.901.1"，应为88.900.后接1至20位数字）'
    )
    assert await told(basic, "orgCrtCode", "91110000DEMO000001") == (
        '证件号码已存在（entBasicInfo.orgCrtCode，收到"91110000DEMO000001"）'
    )
    assert await told(basic, "orgAddrCity", "110100") == (
        '参数值不正确: entBasicInfo.orgAddrCity（收到"110100"，应为以32开头的GB/T 2260六位代码）'
    )
    assert (
        await told("sysUser", "userName", "demo") == '用户名已存在（sysUser.userName，收到"demo"）'
    )
    manage = good["entRegisterManageInfo"]
    assert await told("entRegisterManageInfo", "entInfoSyses", manage["entInfoSyses"][:3]) == (
        "参数值不正确: entRegisterManageInfo.entInfoSyses"
        '（收到"sysType 1、2、3"，应为sysType为1、2、3、4的各一条，5可选）'
    )
    manage["entInfoSyses"][2]["deployAddrCity"] = "110100"
    assert (await admin.told("POST", APPLY, good))[1].startswith(
        "参数值不正确: entRegisterManageInfo.entInfoSyses.2.deployAddrCity（"
    )
    manage["entInfoSyses"][2]["deployAddrCity"] = "320500"
    await admin.good("POST", APPLY, good)
    again = form("88.900.8", [files[2]] * 3, code="91320500TEST000002")
    again["sysUser"] = {"userName": "b", "password": "a" * 64, "email": "b@b", "mobile": "1"}
    assert (await admin.told("POST", APPLY, again))[1] == (
        f'文件已被使用（entBasicInfo.orgCrtImgRid，收到"{files[2]}"，应为未被其他企业使用的文件编号）'
    )
    taken = {"userName": "demo", "password": "a" * 64, "email": "c@c", "mobile": "2"}
    assert (await admin.told("POST", "/identity/registry", taken))[1] == (
        '用户名已存在（userName，收到"demo"）'
    )
    unknown = record("88.900.1/a", version="none")
    assert (await pump.told("POST", "/identityv2/data", unknown))[1] == (
        '模板不存在（收到"88.900.1 none"，应为已创建的前缀与版本）'
    )


async def test_a_server_without_ports_or_a_hosting_server_of_another_number(demo):
    server = {"entPrefix": "88.900.1", "hdlType": "HS_SITE", "ip": "192.0.2.1", "ipType": "4"}
    assert (await demo.told("POST", CONFIG, {"entPrefixConfig": server}))[1] == (
        "缺少必要的请求参数: entPrefixConfig.tcpPort（tcpPort、udpPort、httpPort至少填一个）"
    )
    hosted = {"proxyServerId": 9, "entPrefixConfig": {"entPrefix": "88.900.1"}}
    assert (await demo.told("POST", CONFIG, hosted))[1] == (
        '托管服务器不存在（proxyServerId，收到"9"，应为1，即本节点）'
    )


async def test_enumerations_and_passwords(admin, form, user):
    application = form("88.900.7", [1, 2, 3]) | {"sysUser": user}
    application["entBasicInfo"]["orgNature"] = "6"
    assert (await admin.told("POST", APPLY, application))[1] == (
        '参数值不正确: entBasicInfo.orgNature（收到"6"，应为1、2、3、4或5）'
    )
    application["entBasicInfo"]["orgNature"] = "1"
    application["sysUser"] = user | {"password": "secret"}
    assert (await admin.told("POST", APPLY, application))[1] == (
        "参数值不正确: sysUser.password（应为64位十六进制的SHA-256）"
    )


async def test_indexes_and_codes_of_a_template_keep_their_place(demo, template):
    template["items"][1]["idIndex"] = 5
    assert (await demo.told("POST", V5, template))[1] == (
        '参数值不正确: items.1.idIndex（收到"5"，应为2000到2147483647之间的整数）'
    )
    template["items"][1]["idIndex"] = 1000
    assert (await demo.told("POST", V5, template))[1] == (
        "索引1000为系统保留索引（属性索引从2000开始）"
    )
    template["items"][1]["metadata"] = {"type": "string", "minLength": 1, "maxLength": -1}
    assert (await demo.told("POST", V5, template))[1] == (
        '参数值不正确: items.1.metadata.maxLength（收到"-1"，应为不小于0的整数）'
    )


@pytest.mark.parametrize(
    ("data", "kind", "hint"),
    [
        (b"a=b&c=d", "application/x-www-form-urlencoded",
         "Content-Type应为application/json，收到application/x-www-form-urlencoded"),
        ('{"handle": "型号"}'.encode("gbk"), "application/json", "编码应为UTF-8，收到的像是GBK"),
        (b'{"handle": }', "application/json", "第1行第12列"),
        (b"", "application/json", "请求体为空"),
    ],
)  # fmt: skip
async def test_what_is_no_json_is_told_apart(demo, data, kind, hint):
    headers = {"Content-Type": kind}
    _status, found = await demo.raw("POST", "/identityv2/data", data=data, headers=headers)
    assert found["message"] == f"请求体不是合法的JSON（{hint}）"


async def test_a_body_that_is_too_long_is_told_the_limit(demo):
    status, found = await demo.raw("POST", "/identityv2/data", data=b" " * ((8 << 20) + 1))
    assert (status, found["message"]) == (
        413,
        "请求体过大或编码错误（上限为8388608字节，即8MB）",
    )


async def test_texts_of_the_guide_stay_as_they_are(pump, record, item):
    body = record("88.900.1/P-1", item(index=2005))
    assert await pump.told("POST", "/identityv2/data", body) == (
        -2,
        "非法操作，索引2005在模板中不存在",
    )
    assert (await pump.told("DELETE", "/identityv2/data", {"handle": "88.900.1/no"}))[1] == (
        "没有找到标识"
    )
