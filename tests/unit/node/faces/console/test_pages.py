"""Pages of the console without a browser.

- Each renders in both languages, loads only what is there, and has no script or style in itself.
- A reader gets the language asked for, then the cookie's, then the browser's, then Chinese.
- The files are served with their types, no other; a QR code is an SVG, of a text that is not too long.
"""

import re
from itertools import product

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from idnode.node.faces.console.pages import PAGES, TREE, Wishes, rendered, wishes_of
from idnode.node.faces.console.routes import QR_CHARACTERS_MAX, console_routes

NAMES = [*(page.name for page in PAGES), TREE]


@pytest.fixture
async def client():
    app = web.Application()
    app.add_routes(console_routes("1.0"))
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.parametrize(("name", "language"), list(product(NAMES, ("en", "zh"))))
async def test_a_page_loads_only_what_is_there(client, name, language):
    text = rendered(name, Wishes(language, None), "1.0")
    assert f'data-language="{language}"' in text
    assert not re.search(r"\son\w+=|\sstyle=|<style|(?:src|href)=.https?:", text)
    loaded = re.findall(r'(?:src|href)="(console/[^"?]+)"', text)
    assert len(loaded) >= 3
    for path in loaded:
        assert (await client.get(f"/{path}")).status == 200, path


@pytest.mark.parametrize(
    ("query", "cookies", "accepted", "expected"),
    [
        ({"lang": "en"}, {"lang": "zh"}, "zh", ("en", None)),
        ({}, {"lang": "en", "theme": "dark"}, "zh-CN", ("en", "dark")),
        ({}, {}, "fr, en;q=0.8, zh;q=0.5", ("en", None)),
        ({"lang": "xx"}, {"theme": "<"}, "", ("zh", None)),
    ],
)
def test_a_reader_gets_the_language_asked_for(query, cookies, accepted, expected):
    assert wishes_of(query, cookies, accepted) == expected


async def test_a_choice_of_language_is_kept(client):
    answer = await client.get("/bench?lang=zh")
    assert answer.cookies["lang"].value == "zh"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["pages.py", "texts.toml", "..%2Fpages.py", "none.js"])
async def test_no_other_file_is_served(client, name):
    assert (await client.get(f"/console/{name}")).status == 404


async def test_a_qr_code_is_a_picture(client):
    answer = await client.get("/console/qr.svg", params={"text": "http://127.0.0.1/88.900.1/齿轮"})
    assert answer.content_type == "image/svg+xml"
    assert (await answer.text()).startswith("<svg")
    for text in ("", "x" * (QR_CHARACTERS_MAX + 1), "齿" * QR_CHARACTERS_MAX):
        assert (await client.get("/console/qr.svg", params={"text": text})).status == 400
