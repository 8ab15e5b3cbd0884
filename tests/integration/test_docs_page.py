"""The page at /docs teaches the APIs, in a real browser, offline and under its policy.

- It shows every group of calls in Chinese or English, as asked or as the browser prefers, and the console has nothing to say.
- The filter finds Chinese words in what calls say, and hides groups in which nothing is left.
- A call shows code to copy in curl, Python and Java; a log-in that was tried signs the page in for the calls that follow.
"""

import pytest
from tests.integration.browser import CHROMIUM, tab

from idnode.node.addresses import url_of

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium"),
    pytest.mark.timeout(180),
]

SHOWN = "document.querySelectorAll('.opblock-tag-section').length"
TYPE = """(() => {
  const box = document.querySelector('.operation-filter-input');
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(box, %r);
  box.dispatchEvent(new Event('input', {bubbles: true}));
  box.dispatchEvent(new Event('change', {bubbles: true}));
})()"""


def group_names(page):
    return page.run("[...document.querySelectorAll('.opblock-tag')].map((x) => x.dataset.tag)")


async def test_the_page_teaches_in_a_browser(node, tmp_path):
    base = url_of(node.addresses.http)
    async with tab(tmp_path / "browser") as page:
        await page.open(f"{base}/docs?lang=zh")
        assert await page.until(f"{SHOWN} >= 10")
        names = await group_names(page)
        assert names[:2] == ["SNMS 登录与用户", "SNMS 数据模板"]
        assert "过滤" in await page.until(
            "document.querySelector('.operation-filter-input').placeholder"
        )
        await page.run(TYPE % "授权")
        await page.until(f"{SHOWN} < 10 && {SHOWN} > 0")
        found = await group_names(page)
        assert "IDHub 授权与文件" in found
        assert "SNMS 数据模板" not in found
        await page.run(TYPE % "没有这样的词")
        await page.until(f"{SHOWN} === 0")
        await page.run(TYPE % "明文密码")
        await page.until(f"{SHOWN} === 1")
        await page.run("document.querySelector('.opblock-summary-control').click()")
        await page.until("document.querySelectorAll('.sample-tab').length === 3")
        assert "curl -X POST" in await page.until(
            "document.querySelector('.sample-source').innerText"
        )
        await page.run("document.querySelectorAll('.sample-tab')[2].click()")
        assert await page.until(
            "document.querySelector('.sample-source').innerText.includes('HttpRequest')"
        )
        await page.run("document.querySelector('.try-out__btn').click()")
        await page.until("document.querySelector('.btn.execute')")
        await page.run("document.querySelector('.btn.execute').click()")
        await page.until("window.ui.authSelectors.authorized().get('bearer')")
        await page.open(f"{base}/docs?lang=en")
        assert await page.until(f"{SHOWN} >= 10")
        assert (await group_names(page))[0] == "SNMS identity"
        assert page.complaints == []
