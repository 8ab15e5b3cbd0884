"""The pages of the console, in a real browser without a network.

- Each page fills in both languages, has nothing to complain about and asks nobody but the management port.
- axe finds nothing wrong with any of them, in light and in dark.
- Each fits a phone of 360 points without being pushed sideways.
- Language and colours are kept from page to page; the language is the browser's until somebody chooses.
- Pages allow no script or style but their own; programs still get JSON at the root.
- With JavaScript off they say what they are missing.
"""

from urllib.parse import unquote

import aiohttp
import pytest
from tests.integration.console.conftest import AXE, CHROMIUM, PHONE

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium"),
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

# what a page has shown once it is filled
FILLED = {
    "": "#faces tr",
    "identifiers": "#list a",
    "identifiers?handle=88.900.1%2Fhello": "#record .value",
    "journal": "#rows tr",
    "journal?entry=7": ".split.open #detail dl",
    "directory": "#panel tr",
    "directory?tab=prefixes": "#panel tr",
    "bench": ".fault",
    "load": "#latencies tr",
}
TITLES = {
    "en-US": {
        "": "Overview",
        "identifiers": "Identifiers",
        "journal": "Journal",
        "directory": "Directory",
        "bench": "Bench",
        "load": "Load",
    },
    "zh-CN": {
        "": "概览",
        "identifiers": "标识",
        "journal": "请求日志",
        "directory": "企业目录",
        "bench": "试验台",
        "load": "负载",
    },
}
VIOLATIONS = "async () => (await axe.run()).violations.map((each) => [each.id, each.nodes.map((node) => node.html.slice(0, 160)).slice(0, 4)])"


async def filled(seen, path):
    await seen.open(path)
    await seen.page.wait_for_selector(FILLED[path])


@pytest.mark.parametrize("language", TITLES)
async def test_each_page_fills_without_a_complaint(look, language):
    async with look(language) as seen:
        for path, title in TITLES[language].items():
            await filled(seen, path)
            assert await seen.page.locator("h1").inner_text() == title
            assert await seen.page.locator("#trouble").is_hidden()
            assert await seen.page.locator("[aria-current=page]").inner_text() == title


@pytest.mark.parametrize("path", FILLED)
async def test_axe_finds_nothing(look, path):
    async with look() as seen:
        await filled(seen, path)
        script = AXE.read_text(encoding="utf-8")
        for theme in ("light", "dark"):
            await seen.page.evaluate(
                "(theme) => { document.documentElement.dataset.theme = theme; }", theme
            )
            await seen.page.evaluate(script)
            assert await seen.page.evaluate(VIOLATIONS) == []


@pytest.mark.parametrize("language", TITLES)
async def test_each_page_fits_a_phone(look, language):
    async with look(language, PHONE) as seen:
        for path in FILLED:
            await filled(seen, path)
            wide = await seen.page.evaluate("document.documentElement.scrollWidth")
            assert (path, wide) == (path, PHONE["width"])


async def test_language_and_colours_are_kept(look):
    async with look("en-US") as seen:
        await filled(seen, "")
        await seen.page.locator("#language").click()
        await seen.page.get_by_role("heading", name="概览").wait_for()
        await seen.page.locator("#theme").click()
        chosen = await seen.page.evaluate("document.documentElement.dataset.theme")
        await filled(seen, "bench")
        assert await seen.page.locator("h1").inner_text() == "试验台"
        assert await seen.page.evaluate("document.documentElement.dataset.theme") == chosen


async def test_pages_allow_only_what_is_theirs_and_programs_get_json(look):
    async with look() as seen, aiohttp.ClientSession() as session:
        async with session.get(f"{seen.base}/", headers={"Accept": "text/html"}) as answer:
            policy = answer.headers["Content-Security-Policy"]
            text = await answer.text()
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "style=" not in text
        assert "onclick" not in text
        async with session.get(f"{seen.base}/") as answer:
            assert "/api/v1/stats" in (await answer.json())["paths"]
        async with session.get(f"{seen.base}/console/../pages.py") as answer:
            assert answer.status == 404


async def test_without_scripts_a_page_says_so(browser, node, look):
    context = await browser.new_context(java_script_enabled=False, locale="en-US")
    page = await context.new_page()
    async with look() as seen:
        await page.goto(f"{seen.base}/journal")
    assert "need JavaScript" in await page.locator("noscript").inner_text()
    await context.close()


async def test_the_last_load_test_is_there(look):
    result = {
        "exit_code": 1,
        "verdict": "BROKEN",
        "seconds": 20.5,
        "profile": {"name": "smoke", "title": "a look at every face"},
        "operations": [
            {
                "face": "json",
                "operation": "resolve",
                "requests": 700,
                "rate_per_second": 35.0,
                "failed": 2,
                "corrected_ms": {"p50": 1.5, "p99": 31.25},
            }
        ],
        "thresholds": [
            {"of": "all", "name": "p99_ms", "asked": 20.0, "measured": 31.25, "held": False}
        ],
        "all": {"requests": 700, "failed": 2, "corrected_ms": {"p50": 1.5, "p99": 31.25}},
    }
    async with look() as seen, aiohttp.ClientSession() as session:
        async with session.put(f"{seen.base}/api/v1/load/result", json=result) as answer:
            assert answer.status == 204
        await filled(seen, "load")
        assert "BROKEN" in await seen.page.locator("#verdict").inner_text()
        assert "broken: p99_ms of all: 31.25" in await seen.page.locator("#result").inner_text()
        await seen.page.evaluate(AXE.read_text(encoding="utf-8"))
        assert await seen.page.evaluate(VIOLATIONS) == []
    async with look("zh-CN", PHONE) as seen:
        await filled(seen, "load")
        assert "未达标：all p99_ms" in await seen.page.locator("#result").inner_text()
        wide = await seen.page.evaluate("document.documentElement.scrollWidth")
        assert wide == PHONE["width"]


async def test_a_trace_is_drawn_in_the_language_of_the_page(look):
    async with look("zh-CN") as seen:
        await seen.open("identifiers?handle=88.900.1%2Fhello")
        await seen.page.locator("[data-trace=udp]").click()
        picture = seen.page.locator("img.trace")
        await picture.wait_for()
        source = unquote(await picture.get_attribute("src"))
        assert "88.900.1/hello: 已应答" in source
        assert "首先询问" in source
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"{seen.base}/api/v1/identifiers/88.900.1%2Fhello/trace", json={"language": "xx"}
            ) as refused,
        ):
            assert refused.status == 400
            assert (await refused.json())["message"] == "language is one of en, zh"
