"""Whatever is sent: an answer in the envelope with a documented status, never a 5xx, never half a write.

Tokens and digests have their own file, `test_accounts.py`; files theirs, `test_files.py`.
"""

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

DATA = "/identityv2/data"
HANDLE = "88.900.1/P-1"
EVIL = "'; DROP TABLE accounts; -- \" \\ % _ 型\u0001\u202e"


async def count(snms):
    return await snms.register.count(b"88.900.1")


def changed(body, path, new):
    """Return a copy with the member at a path replaced, or removed when ``new`` is ``...``."""
    body = copy.deepcopy(body)
    *way, last = path
    place = body
    for step in way:
        place = place[step]
    if new is ...:
        del place[last]
    else:
        place[last] = new
    return body


WRONG = [
    (("handle",), ..., (-2, "缺少必要的请求参数: handle")),
    (("handle",), None, (-2, "缺少必要的请求参数: handle")),
    (("handle",), "", (-2, "缺少必要的请求参数: handle")),
    (("handle",), 7, (21000, "参数类型不匹配: handle")),
    (("handle",), "88.900.1/" + "x" * 247, (-2, "参数长度超出限制: handle")),
    (("handle",), "88.900.1/", (-2, "参数值不正确: handle")),
    (("handle",), "/x", (-2, "参数值不正确: handle")),
    (("handle",), "88.900.1", (-2, "参数值不正确: handle")),
    (("handle",), "88.900.2/x", (-3, "无操作权限")),
    (("handle",), "0.NA/88.900.1", (-3, "无操作权限")),
    (("templateVersion",), ..., (-2, "缺少必要的请求参数: templateVersion")),
    (("templateVersion",), "none", (-2, "模板不存在")),
    (("templateVersion",), "x" * 129, (-2, "参数长度超出限制: templateVersion")),
    (("value",), ..., (-2, "缺少必要的请求参数: value")),
    (("value",), "text", (21000, "参数类型不匹配: value")),
    (("value",), [], (-2, "缺少必填属性: model")),
    (("value", 0), 7, (21000, "参数类型不匹配: value.0")),
    (("value", 0, "index"), 1001, (-2, "非法操作，索引1001在模板中不存在")),
    (("value", 0, "index"), 1000, (-2, "非法操作，索引1000在模板中不存在")),
    (("value", 0, "index"), 2002, (-2, "非法操作，索引2002在模板中不存在")),
    (("value", 0, "index"), -1, (-2, "参数值不正确: value.0.index")),
    (("value", 0, "index"), "2000", (21000, "参数类型不匹配: value.0.index")),
    (("value", 0, "index"), 2000.5, (21000, "参数类型不匹配: value.0.index")),
    (("value", 0, "index"), True, (21000, "参数类型不匹配: value.0.index")),
    (("value", 0, "index"), 10**30, (21000, "参数类型不匹配: value.0.index")),
    (("value", 0, "type"), "batch", (-2, "索引2000的类型与模板不匹配")),
    (("value", 0, "type"), EVIL, (-2, "索引2000的类型与模板不匹配")),
    (("value", 0, "data"), ..., (-2, "缺少必要的请求参数: value.0.data")),
    (("value", 0, "data"), "text", (21000, "参数类型不匹配: value.0.data")),
    (("value", 0, "data", "format"), "number", (-2, "参数值不正确: value.0.data.format")),
    (("value", 0, "data", "value"), 7, (21000, "参数类型不匹配: value.0.data.value")),
    (("value", 0, "data", "value"), ..., (-2, "缺少必要的请求参数: value.0.data.value")),
    (("value", 0, "data", "value"), "", (-2, "索引2000的值长度应在1到64之间")),
    (("value", 0, "data", "value"), "x" * 65, (-2, "索引2000的值长度应在1到64之间")),
]


async def test_a_wrong_member_is_named_and_nothing_is_written(snms, pump, record):
    before = await count(snms)
    for path, new, said in WRONG:
        body = changed(record(HANDLE), path, new)
        case = (path, new)
        assert (case, await pump.bad("POST", DATA, body)) == (case, said)
        assert (await pump.bad("PUT", DATA, body))[0] in {said[0], -2}
        (outcome,) = await pump.good("POST", f"{DATA}/batchCreate", [body])
        assert (case, outcome["msg"].partition("（")[0]) == (case, said[1])
    assert await count(snms) == before


TOLD = [
    (("handle",), 7, '参数类型不匹配: handle（收到"7"，应为字符串）'),
    (("value",), "text", '参数类型不匹配: value（收到"text"，应为数组）'),
    (("value", 0), 7, '参数类型不匹配: value.0（收到"7"，应为对象）'),
    (("value", 0), [1], "参数类型不匹配: value.0（应为对象）"),
    (("value", 0, "index"), "2000", '参数类型不匹配: value.0.index（收到"2000"，应为整数）'),
    (("templateVersion",), "x" * 129, "参数长度超出限制: templateVersion（收到129，上限为128）"),
]


@pytest.mark.parametrize(("path", "new", "said"), TOLD)
async def test_a_type_or_length_is_told_with_what_came_and_what_is_wanted(
    pump, record, path, new, said
):
    assert (await pump.told("POST", DATA, changed(record(HANDLE), path, new)))[1] == said


async def test_a_misspelt_member_is_a_missing_one(pump, record):
    body = record(HANDLE)
    data = body["value"][0]["data"]
    data["vlaue"] = data.pop("value")
    assert await pump.bad("POST", DATA, body) == (-2, "缺少必要的请求参数: value.0.data.value")


async def test_an_index_occurs_once(pump, record, item):
    body = record(HANDLE, item(), item())
    assert await pump.bad("POST", DATA, body) == (-2, "索引2000重复")


async def test_a_disabled_item_takes_no_values(pump, record, template):
    template["items"] = [template["items"][0] | {"state": 0}]
    await pump.good("PUT", "/snms/api/v5/template", template)
    assert await pump.bad("POST", DATA, record(HANDLE)) == (-2, "索引2000在模板中已停用")


async def test_more_than_two_thousand_items_are_refused_whole(snms, pump, record):
    batch = [record(f"88.900.1/P-{number}") for number in range(2001)]
    before = await count(snms)
    said = (-2, "单次最多处理2000条数据")
    assert await pump.bad("POST", f"{DATA}/batchCreate", batch) == said
    assert await pump.bad("PUT", f"{DATA}/batchUpdate", batch) == said
    handles = [each["handle"] for each in batch]
    assert await pump.bad("DELETE", f"{DATA}/batchDelete", handles) == said
    assert await count(snms) == before


async def test_a_batch_is_an_array(pump):
    for body in [b'{"a": 1}', b'"text"', b"7", b"null", b"true"]:
        status, found = await pump.raw("POST", f"{DATA}/batchCreate", data=body)
        assert (status, found["status"]) == (200, 21000)


async def test_items_of_a_batch_may_be_anything(pump):
    batch = [None, 7, "text", [], {}, {"handle": None}, {"handle": 7}]
    outcomes = await pump.good("POST", f"{DATA}/batchCreate", batch)
    assert [each["handle"] for each in outcomes] == [""] * 7
    assert all(each["msg"] != "success" for each in outcomes)
    outcomes = await pump.good("DELETE", f"{DATA}/batchDelete", batch)
    assert [each["code"] for each in outcomes] == [21000, 21000, -2, *[21000] * 4]


async def test_a_deletion_needs_its_body(pump):
    for path in [DATA, f"{DATA}/batchDelete", "/snms/api/v5/template"]:
        status, found = await pump.raw("DELETE", path)
        told = "请求体不是合法的JSON（请求体为空）"
        assert (status, found["status"], found["message"]) == (200, -2, told)


async def test_a_body_that_is_no_json_is_told_as_such(pump):
    for data in [b"", b"{", b"\xff\xfe", b'{"handle": "\\ud800/x"}', b"[" * 5000]:
        status, found = await pump.raw("POST", DATA, data=data)
        assert (status, found["status"]) == (200, -2)


async def test_a_body_that_is_too_long_is_refused_by_http(snms, demo):
    before = await count(snms)
    for path in (DATA, f"{DATA}/batchCreate", "/identity/token", "/snms/api/v5/template"):
        status, found = await demo.raw("POST", path, data=b'"' + b"x" * (10 << 20) + b'"')
        assert (status, found["status"]) == (413, -2)
    assert await count(snms) == before


async def test_seven_megabytes_in_any_member_are_refused_in_the_envelope(pump, record, template):
    long = "x" * (7 << 20)
    for path in (
        ("handle",),
        ("templateVersion",),
        ("value", 0, "type"),
        ("value", 0, "data", "value"),
    ):
        assert (await pump.bad("POST", DATA, changed(record(HANDLE), path, long)))[0] == -2
    for path in (("prefix",), ("version",), ("items", 0, "name"), ("items", 0, "idType")):
        found = await pump.bad("POST", "/snms/api/v5/template", changed(template, path, long))
        assert found[0] == -2
    login = {"username": long, "password": "x"}
    assert (await pump.bad("POST", "/identity/token", login))[0] == -2


async def test_metacharacters_of_databases_are_letters_like_others(demo, admin, template, digest):
    template["version"] = EVIL
    await demo.good("POST", "/snms/api/v5/template", template)
    found = await demo.good("GET", "/snms/api/v5/template", prefix="88.900.1", version=EVIL)
    assert found["version"] == EVIL
    user = {"username": EVIL, "password": digest("pw"), "email": EVIL, "mobile": EVIL}
    await admin.good("POST", "/identity/registry", user)
    for name, value in (("orgName", EVIL), ("orgName", "%"), ("orgName", "_")):
        query = {name: value}
        assert (await admin.good("GET", "/snms/api/v3/ent/page", **query))["totalElements"] == 0
    await demo.login("demo")


async def test_nul_is_refused_where_databases_keep_text(demo, template):
    template["version"] = "a\0b"
    assert await demo.bad("POST", "/snms/api/v5/template", template) == (
        -2,
        "参数值不正确: version",
    )


async def test_wrong_parameters_of_a_page_are_named(demo):
    for name, text, status in (
        ("currentPage", "0", -2),
        ("currentPage", "x", 21000),
        ("pageSize", "-1", 21000),
        ("pageSize", "9" * 30, 21000),
        ("startDate", "yesterday", -2),
        ("endDate", "2024-13-01 00:00:00", -2),
        ("entName", "x" * 300, -2),
        ("entPrefix", "x" * 65, -2),
    ):
        found = await demo.bad("GET", "/snms/api/prefix/page", **{name: text})
        assert found[0] == status
        assert name in found[1]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


async def test_any_json_anywhere_is_answered_in_the_envelope(pump, record, template):
    paths = {
        DATA: [("handle",), ("templateVersion",), ("value",), ("value", 0), ("value", 0, "data")],
        "/snms/api/v5/template": [("prefix",), ("version",), ("items",), ("items", 0, "metadata")],
    }
    bodies = {DATA: record(HANDLE), "/snms/api/v5/template": template}
    choices = [(path, way) for path, ways in paths.items() for way in ways]
    collected = []

    @settings(max_examples=150, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(choices), json_values)
    def collect(choice, new):
        path, way = choice
        collected.append((path, changed(bodies[path], way, new)))

    collect()
    for path, body in collected:
        status, found = await pump.raw("POST", path, body=body)
        assert status == 200
        assert found["status"] in {1, -2, -3, 21000}
