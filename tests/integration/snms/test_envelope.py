"""Every answer is one envelope, with the status and HTTP status that clients count on (snms-api.md §2)."""

import pytest


async def test_success_is_one_with_the_word_success(demo):
    found = await demo("GET", "/snms/api/prefix/page")
    assert list(found) == ["message", "status", "data"]
    assert (found["message"], found["status"]) == ("success", 1)


async def test_a_broken_rule_is_minus_two_and_no_token_minus_one(demo, anybody):
    query = {"prefix": "88.900.1", "version": "none"}
    assert await demo.bad("GET", "/snms/api/v5/template", **query) == (-2, "模板不存在")
    assert await anybody.bad("GET", "/snms/api/v5/template", **query) == (
        -1,
        "未登录或登录已失效",
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/snms/api/v6/template", 404),
        ("GET", "/identityv2/nothing", 404),
        ("GET", "/identity/token", 405),
        ("PUT", "/snms/api/v3/template", 405),
        ("PATCH", "/identityv2/data", 405),
    ],
)
async def test_what_http_refuses_has_its_status_and_the_same_envelope(
    anybody, method, path, status
):
    answered, found = await anybody.raw(method, path)
    assert answered == status
    assert found["status"] == -2
    assert found["data"] is None


async def test_a_write_answers_true(pump, record):
    assert await pump.good("POST", "/identityv2/data", record("88.900.1/a")) is True


async def test_a_member_without_a_name_in_the_documents_is_ignored(pump, record):
    body = record("88.900.1/a") | {"invented": {"deep": [1]}}
    assert await pump.good("POST", "/identityv2/data", body) is True


async def test_an_error_that_nobody_planned_is_told_as_busy(snms, demo, monkeypatch, caplog):
    def break_down(*_):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(snms.parts.templates, "find", break_down)
    found = await demo.bad("GET", "/snms/api/v5/template", prefix="88.900.1", version="x")
    assert found == (-4, "系统繁忙")
    assert "secret" in caplog.text
