"""A stranger's tasks on the console, each within five clicks from the overview, and what they left in the node.

- Find an identifier; see why a request failed; approve an enterprise; make SNMS answer 504 after the commit; move time 25 h.
- Sign in, create, edit and delete an identifier; whoever may not is refused, and operating the node gives no right to it.
- An entry shows its bytes by field, and code to send it again; two are compared; the journal follows what comes.
- A name that is markup stays a name.
"""

import asyncio

import aiohttp
import pytest
from tests.integration.console.conftest import CHROMIUM

from idnode.clients import aio
from idnode.clients.answer import Transport
from idnode.clients.errors import ClientError
from idnode.node.addresses import told
from idnode.registry.fetching import fetched

CLICKS_MAX = 5
ADMIN = {"Authorization": aiohttp.encode_basic_auth("301%3A0.NA/88.900", "idnode-demo")}

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium"),
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]


def menu(seen, name):
    return seen.page.locator("nav.menu").get_by_role("link", name=name)


async def test_find_an_identifier(look):
    async with look() as seen:
        await seen.open()
        await seen.click(menu(seen, "Identifiers"))
        await seen.page.locator("#text").fill("IS80")
        await seen.click(seen.page.get_by_role("button", name="Search"))
        await seen.click(seen.page.locator("#list").get_by_text("88.900.1/pump-IS80"))
        await seen.page.locator("#record h2", has_text="pump-IS80").wait_for()
        assert "https://example.org/2" in await seen.page.locator("#record").inner_text()
        assert await seen.page.locator("img.qr").evaluate(
            "(image) => image.decode().then(() => image.naturalWidth > 0)"
        )
        assert seen.clicks <= CLICKS_MAX
        await seen.click(seen.page.locator("[data-trace=tcp]"))
        await seen.page.get_by_alt_text("answered: 127.0.0.1").wait_for()


async def test_see_why_a_request_failed(look):
    async with look() as seen:
        await seen.open()
        await seen.click(menu(seen, "Journal"))
        await seen.click(seen.page.locator("#rows tr", has_text="88.900.1/gearbox-70").first)
        why = await seen.page.locator("#why").inner_text()
        assert "has no record here" in why
        assert "88.900.1/gearbox-7" in why
        assert seen.clicks <= CLICKS_MAX


async def test_approve_an_enterprise(look, node):
    async with look() as seen:
        await seen.open()
        await seen.click(menu(seen, "Directory"))
        await seen.click(seen.page.locator('[data-approve="88.900.7"]'))
        await seen.page.locator("#toast", has_text="88.900.7").wait_for()
        await seen.page.get_by_text("Nothing waits for a decision.").wait_for()
        assert seen.clicks <= CLICKS_MAX
    assert (await node.parts.enterprises.prefix("88.900.7")).status.name in {"ENABLED", "WAITING"}


async def test_make_snms_answer_504_after_the_commit(look, node):
    async with look() as seen:
        await seen.open()
        await seen.click(menu(seen, "Bench"))
        await seen.click(seen.page.locator("[data-fault=snms-504-after-commit]"))
        await seen.page.locator(".fault.on", has_text="snms-504-after-commit").wait_for()
        assert seen.clicks <= CLICKS_MAX
        fault = node.observation.faults.named("snms-504-after-commit")
        assert fault.on
        await seen.click(seen.page.locator("#all-off"))
        await seen.page.locator(".fault.on").wait_for(state="detached")


async def test_move_time_by_25_hours(look, node):
    before = node._clock.state().offset
    async with look() as seen:
        await seen.open()
        await seen.click(menu(seen, "Bench"))
        await seen.click(seen.page.get_by_role("button", name="+25 h"))
        await seen.page.get_by_text("1 d 1 h ahead of the machine").wait_for()
        assert seen.clicks <= CLICKS_MAX
        assert node._clock.state().offset - before == pytest.approx(90_000, abs=60)
        await seen.click(seen.page.get_by_role("button", name="Real time"))
        await seen.page.get_by_text("the machine's time").wait_for()


async def sign_in(page, identity, secret):
    await page.locator("#identity").fill(identity)
    await page.locator("#secret").fill(secret)
    await page.locator("#signing button.main").click()


async def test_records_are_changed_by_who_may(look, node):
    handle = "88.900.1/made-here"
    async with look() as seen:
        page = seen.page
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
        await seen.open("identifiers")
        await page.locator("#list a").first.wait_for()
        await page.locator("#new").click()
        await page.locator("#new-handle").fill(handle)
        await page.locator("#data").fill("https://example.org/made")
        await page.locator("#editing button.main").click()
        await sign_in(page, "301:0.NA/88.900.1", "guess")
        await page.locator("#signing .notice", has_text="does not prove").wait_for()
        await sign_in(page, "301:0.NA/88.900.1", "idnode-demo")
        await page.locator("#record h2", has_text=handle).wait_for()
        await page.get_by_role("button", name="Edit 1", exact=True).click()
        await page.locator("#data").fill("https://example.org/edited")
        await page.locator("#editing button.main").click()
        await page.locator("#record", has_text="https://example.org/edited").wait_for()
        packed = await fetched(lambda: node.services.resolver.resolve(handle.encode()))
        assert b"https://example.org/edited" in packed
        await page.get_by_role("button", name="Delete", exact=True).click()
        await page.locator("#record .empty").wait_for()
        assert await fetched(lambda: node.register.lookup(handle.encode())) is None
        # The enterprise has no right on the prefix above it, whoever operates the node.
        await page.locator("#new").click()
        await page.locator("#new-handle").fill("88.900/not-mine")
        await page.locator("#data").fill("x")
        await page.locator("#editing button.main").click()
        await page.locator("#editing .notice", has_text="nvalid administrator").wait_for()
        seen.complaints = [each for each in seen.complaints if "403" not in each]


async def test_an_entry_shows_bytes_by_field_and_code_to_send_it_again(look, node):
    async with look() as seen:
        page = seen.page
        await seen.open("journal?face=handle_udp")
        await page.locator("#rows tr").first.click()
        field = page.locator(".tree .field", has_text="88.900.1/gearbox-70")
        await field.hover()
        lit = await page.locator(".bytes .lit").all_inner_texts()
        assert bytes.fromhex("".join(lit))[4:] == b"88.900.1/gearbox-70"
        await page.get_by_role("tab", name="Send again").click()
        assert (
            "idnode resolve '88.900.1/gearbox-70' --transport udp"
            in await page.locator("[data-sample=curl]").inner_text()
        )
        assert "client.resolve" in await page.locator("[data-sample=Python]").inner_text()
        await page.get_by_role("tab", name="Compare").click()
        await page.get_by_role("button", name="Mark this one").click()
        await page.keyboard.press("Escape")
        await page.locator("#face").select_option("handle_json")
        await page.locator("#rows tr", has_text="gearbox-77").first.click()
        await page.get_by_role("tab", name="Compare").click()
        assert "gearbox-77" in await page.locator("#detail table").inner_text()
        await page.get_by_role("tab", name="Send again").click()
        code = await page.locator("[data-sample=curl]").inner_text()
        assert code.startswith(
            f"curl -X GET '{told(node.addresses)['http']}/api/handles/88.900.1/gearbox-77'"
        )


async def test_the_journal_follows_and_names_stay_names(look, node):
    name = "88.900.1/<img src=x onerror=alert(1)>"
    async with look() as seen:
        page = seen.page
        async with page.expect_response(lambda answer: "journal/stream" in answer.url):
            await seen.open("journal")
        async with aio.Client(node.addresses.handle_tcp, transport=Transport.TCP) as client:
            with pytest.raises(ClientError):
                await client.resolve(name)
        row = page.locator("#rows tr", has_text="<img src=x")
        await row.click()
        await page.locator("#why", has_text="<img src=x").wait_for()
        assert await page.locator("main img").count() == 0
