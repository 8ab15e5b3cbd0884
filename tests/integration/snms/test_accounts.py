"""Logging in: passwords, dated digests, tokens and their ends (snms-api.md §4)."""

import datetime as dt

import pytest

WRONG = (-2, "用户名/密码错误！")
STRANGER = (-1, "未登录或登录已失效")
DAY_SECONDS = 86_400


def day(clock, days=0):
    now = dt.datetime.fromtimestamp(clock.now() + days * DAY_SECONDS, dt.UTC)
    return (now + dt.timedelta(hours=8)).date().isoformat()


@pytest.fixture
def digested(digest, clock):
    """Return a function that makes the body of a digested log-in."""

    def make(days=0, password="idnode-demo", username="demo"):
        text = digest(digest(password) + day(clock, days))
        return {"username": username, "password": text}

    return make


async def test_a_password_and_its_digest_both_give_a_token(anybody, digested):
    plain = {"username": "demo", "password": "idnode-demo"}
    for path, body in (("/identity/token", plain), ("/identity/token/v1", digested())):
        anybody.token = (await anybody.good("POST", path, body))["token"]
        assert (await anybody.good("GET", "/snms/api/prefix/page"))["totalElements"] == 1


async def test_a_wrong_password_is_told_as_documented(anybody, digested):
    for username, password in (("demo", "nope"), ("nobody", "idnode-demo"), ("demo", "x" * 64)):
        body = {"username": username, "password": password}
        assert await anybody.bad("POST", "/identity/token", body) == WRONG
        assert await anybody.bad("POST", "/identity/token/v1", body) == WRONG
    assert await anybody.bad("POST", "/identity/token", digested()) == WRONG


@pytest.mark.parametrize(("days", "good"), [(-2, False), (-1, True), (1, True), (2, False)])
async def test_a_digest_counts_a_day_either_way(anybody, digested, days, good):
    found = await anybody("POST", "/identity/token/v1", digested(days))
    assert (found["status"] == 1) is good


async def test_yesterdays_digest_is_wrong_where_the_setting_says_so(serve, call_on, digested):
    strict = call_on(await serve(snms_digest_days=0))
    assert await strict.bad("POST", "/identity/token/v1", digested(-1)) == WRONG
    await strict.good("POST", "/identity/token/v1", digested())


async def test_a_token_lives_a_day_and_a_new_one_leaves_it_alive(demo, clock):
    old = demo.token
    clock.ahead += DAY_SECONDS - 60
    await demo.login("demo")
    demo.token = old
    await demo.good("GET", "/snms/api/prefix/page")
    clock.ahead += 120
    assert await demo.bad("GET", "/snms/api/prefix/page") == STRANGER


async def test_a_token_is_worth_nothing_altered_or_elsewhere(anybody, demo):
    assert await anybody.bad("GET", "/snms/api/prefix/page") == STRANGER
    altered = ("A" if demo.token[3] != "A" else "B").join((demo.token[:3], demo.token[4:]))
    for token in (altered, "", "eyJhbGciOiJIUzI1NiJ9.e30.x", demo.token[:-4], "x" * 20_000):
        sent = {"Authorization": f"Bearer {token[:6000]}"}
        status, found = await anybody.raw("GET", "/snms/api/prefix/page", headers=sent)
        assert (status, found["status"]) == (200, -1)


async def test_the_scheme_may_be_written_in_any_case(demo):
    sent = {"Authorization": f"bearer {demo.token}"}
    _, found = await demo.raw("GET", "/snms/api/prefix/page", headers=sent)
    assert found["status"] == 1


@pytest.mark.parametrize("name", ["username", "userName"])
async def test_an_administrator_makes_users(admin, anybody, digest, name):
    user = {
        name: "new",
        "password": digest("pw"),
        "email": "n@example.org",
        "mobile": "1",
        "openId": "o-1",
    }
    assert await admin.good("POST", "/identity/registry", user) is True
    await anybody.login("new", "pw")
    again = user | {"email": "other@example.org", "mobile": "2"}
    assert await admin.bad("POST", "/identity/registry", again) == (-2, "用户名已存在")


async def test_nobody_else_makes_users(demo, digest):
    user = {"username": "x", "password": digest("pw"), "email": "e", "mobile": "m"}
    assert await demo.bad("POST", "/identity/registry", user) == (-3, "无操作权限")


@pytest.mark.parametrize(("field", "text"), [("email", "邮箱已存在"), ("mobile", "手机号已存在")])
async def test_email_and_mobile_are_unique(admin, digest, field, text):
    first = {"username": "a", "password": digest("pw"), "email": "a@x", "mobile": "1"}
    await admin.good("POST", "/identity/registry", first)
    second = {"username": "b", "password": digest("pw"), "email": "b@x", "mobile": "2"}
    second[field] = first[field]
    assert await admin.bad("POST", "/identity/registry", second) == (-2, text)


async def test_accounts_and_the_token_key_survive_a_restart(serve, call_on):
    node = await serve()
    caller = await call_on(node).login("demo")
    token = caller.token
    await node.stop()
    again = call_on(await serve())
    again.token = token
    await again.good("GET", "/snms/api/prefix/page")
