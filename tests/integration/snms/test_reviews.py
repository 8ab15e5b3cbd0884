"""Reviews on the management port and the command line, and what a crash between two stores leaves.

- Without automatic approval, applications wait; a decision moves prefix and register together.
- A disabled prefix does not live here; enabled again, it does, with its identifiers.
- A prefix whose register step was lost gets it at the next start, once.
"""

import aiohttp
import pytest
from typer.testing import CliRunner

from idnode.node.addresses import url_of
from idnode.node.cli import application
from idnode.node.service.errors import NotResponsible
from idnode.registry.errors import RegisterBusy
from idnode.registry.fetching import fetched

PREFIX = "88.900.2"
NEW = {"name": "齿轮厂", "username": "gear", "password": "pw"}


@pytest.fixture
async def management(snms):
    async with aiohttp.ClientSession(url_of(snms.addresses.admin)) as session:
        yield session


async def told(answer):
    return answer.status, await answer.json()


async def test_an_operator_takes_an_enterprise_aboard(snms, management, call_on):
    status, found = await told(await management.post("/api/v1/enterprises", json=NEW))
    assert (status, found["prefixes"]) == (201, [PREFIX])
    caller = await call_on(snms).login("gear", "pw")
    (row,) = (await caller.good("GET", "/snms/api/prefix/page"))["content"]
    assert row["proxyState"] == 4
    assert snms.services.authority.responsible(PREFIX.encode())
    status, found = await told(await management.post("/api/v1/enterprises", json=NEW))
    assert (status, found["message"]) == (409, "The username gear is taken")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        (NEW | {"unknown\n": 1}, 400),
        (NEW | {"prefix": "99.1"}, 400),
        (NEW | {"prefix": "88.900.1"}, 409),
        (NEW | {"name": ""}, 400),
    ],
)
async def test_a_wrong_enterprise_is_refused(management, body, status):
    assert (await told(await management.post("/api/v1/enterprises", json=body)))[0] == status
    page = await (await management.get("/api/v1/enterprises")).json()
    assert page["total"] == 1


async def test_a_page_in_a_browser_cannot_write_unasked(management):
    answer = await management.post("/api/v1/enterprises", data=b'{"name": "x"}')
    assert answer.status == 415


async def test_lists_filter_and_page(management):
    for number in range(3):
        body = NEW | {"name": f"厂{number}", "username": f"u{number}"}
        assert (await management.post("/api/v1/enterprises", json=body)).status == 201
    for path, total in (
        ("enterprises?name=厂", 3),
        ("enterprises?prefix=900.1", 1),
        ("prefixes?status=enabled&size=2", 4),
        ("prefixes?status=waiting", 0),
        ("templates", 0),
        ("reviews", 0),
    ):
        found = await (await management.get(f"/api/v1/{path}")).json()
        assert found["total"] == total
        assert len(found["items"]) <= found["size"]
    for path in ("prefixes?status=none", "enterprises?page=0", "enterprises/x", "volumes?days=999"):
        assert (await management.get(f"/api/v1/{path}")).status == 400
    for path in ("prefixes/99.9.9", "enterprises/99"):
        assert (await management.get(f"/api/v1/{path}")).status == 404


async def test_a_disabled_prefix_does_not_live_here_until_it_is_enabled(snms, management):
    handle = b"88.900.1/hello"
    path = "/api/v1/prefixes/88.900.1"
    assert (await management.post(f"{path}/disable", json={})).status == 200
    with pytest.raises(NotResponsible):
        await fetched(lambda: snms.services.resolver.resolve(handle))
    assert (await management.post(f"{path}/enable", json={})).status == 200
    assert await fetched(lambda: snms.services.resolver.resolve(handle))


async def test_a_rejected_prefix_may_be_applied_for_again(serve, call_on, form):
    node = await serve(auto_approve=False)
    caller = await call_on(node).login("admin")
    files = [(await caller.upload())["data"]["id"] for _ in range(3)]
    body = form("88.900.7", files) | {"username": "admin"}
    await caller.good("POST", "/snms/api/v3/ent/upgrade-apply", body)
    await node.parts.onboarding.decide("88.900.7", approved=False, reason="unreadable")
    found = await caller.good("GET", "/snms/api/prefix/query", prefix="88.900.7")
    assert found["status"] == 3
    assert await fetched(lambda: node.register.lookup(b"0.NA/88.900.7")) is None
    body["entBasicInfo"]["entPrefix"] = "88.900.8"
    await caller.good("POST", "/snms/api/v3/ent/upgrade-apply", body)
    page = await caller.good("GET", "/snms/api/prefix/page", entPrefix="88.900.")
    assert {row["entPrefix"] for row in page["content"]} == {"88.900.1", "88.900.8"}


async def test_the_national_node_may_say_no_or_not_yet(serve, call_on, form):
    node = await serve(auto_approve=False)
    caller = await call_on(node).login("admin")
    files = [(await caller.upload())["data"]["id"] for _ in range(3)]
    body = form("88.900.7", files) | {"username": "admin"}
    await caller.good("POST", "/snms/api/v3/ent/upgrade-apply", body)
    onboarding = node.parts.onboarding
    for verdict, status in ((None, 5), (False, 3)):
        onboarding._rules = onboarding._rules._replace(national=lambda _, said=verdict: said)
        await onboarding.decide("88.900.7", approved=True)
        found = await caller.good("GET", "/snms/api/prefix/query", prefix="88.900.7")
        assert found["status"] == status


async def test_what_the_register_missed_it_gets_at_the_next_start(
    serve, management, snms, monkeypatch, caplog
):
    async def busy(*_, **__):
        raise RegisterBusy("full")

    with monkeypatch.context() as patched:
        patched.setattr(snms.register, "submit", busy)
        status, _ = await told(await management.post("/api/v1/enterprises", json=NEW))
    assert status == 503
    assert await fetched(lambda: snms.register.lookup(f"0.NA/{PREFIX}".encode())) is None
    await snms.stop()
    again = await serve()
    assert await fetched(lambda: again.register.lookup(f"0.NA/{PREFIX}".encode())) is not None
    assert "followed the directory only now" in caplog.text
    assert await again.parts.onboarding.publish() == 0


def test_the_commands_add_list_show_and_review(served, tmp_path):
    node = served("--auto-approve", "false")
    runner = CliRunner()
    admin = ["--admin", node.ready["admin"]]

    def run(*arguments):
        result = runner.invoke(application([arguments[0]]), [*arguments, *admin])
        return result.exit_code, result.output, result.exception

    code, output, _ = run("enterprise", "add", "齿轮厂", "--username", "gear", "--password", "pw")
    assert (code, output) == (0, f"2: 齿轮厂, {PREFIX}\n")
    assert "齿轮厂" in run("enterprise", "list")[1]
    assert f"{PREFIX}: enabled, hosted, 0 identifiers" in run("enterprise", "show", "2")[1]
    assert "0 applications wait" in run("review", "list")[1]
    code, _, error = run("review", "approve", "88.900.99")
    assert code == 1
    assert str(error) == "There is no prefix 88.900.99"
