"""What the node says about its HTTP APIs is true.

- The documents are OpenAPI 3.1 and name every call that is served, and no other.
- Requests made from them, good and bad, never meet a 5xx or an answer that the document does not describe.
- The page that shows them needs no other host.
"""

import asyncio
import re

import aiohttp
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from idnode.clients.web_requests import Credential
from idnode.node.addresses import url_of
from idnode.node.faces.http.documentation import openapi
from idnode.node.faces.snms.routes import calls
from idnode.node.interceptors.exchange import SNMS
from idnode.node.openapi.document import document
from idnode.node.openapi.page import page
from idnode.node.openapi.words import LANGUAGES
from idnode.node.ops.openapi import operations as managed
from idnode.node.service.events import NullObserver

EXAMPLES = 12
NOT_TRIED = {
    "/api/v1/snapshots",  # copies the register each time
    "/api/v1/journal/stream",  # has no end
    "/api/v1/journal/verify",  # waits as long as it is asked to
}
CHECKS = (
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
HTTP_DOCUMENT = openapi("test")
ADMIN_DOCUMENT = document("m", "test", "", managed())


def every_operation(found):
    return [(method.upper(), path) for path, item in found["paths"].items() for method in item]


def runs(schema, base, count, *callers):
    """Send requests made from each operation, in this thread, each with the headers of each caller.

    Making a request takes much longer than having it answered.
    """
    loaded = schemathesis.openapi.from_dict(schema)
    loaded.config.update(base_url=base)
    for result in loaded.get_all_operations():
        operation = result.ok()
        if operation.path in NOT_TRIED:
            continue

        @settings(
            max_examples=count,
            database=None,
            derandomize=True,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case):
            for headers in callers:
                response = case.call(headers=headers)
                case.validate_response(response, checks=CHECKS)
                assert b'"status":-4' not in response.content

        ask()


@pytest.mark.timeout(240)
async def test_requests_made_from_the_document_find_nothing_on_the_http_port(snms, admin, examples):
    administrator_of_snms = f"Bearer {admin.token}"
    administrator_of_handles = Credential(301, "0.NA/88.900", "idnode-demo").authorization()
    await asyncio.to_thread(
        runs,
        HTTP_DOCUMENT,
        url_of(snms.addresses.http),
        examples(EXAMPLES),
        {"Authorization": administrator_of_snms},
        {"Authorization": administrator_of_handles},
    )


@pytest.mark.timeout(240)
async def test_nor_on_the_management_port(snms):
    await asyncio.to_thread(runs, ADMIN_DOCUMENT, url_of(snms.addresses.admin), EXAMPLES, {})


async def test_the_document_names_every_call_of_the_snms_face_and_no_other(snms):
    served = {(call.method, call.path) for call in calls(snms.parts.snms(NullObserver()))}
    roots = ("/identity", "/snms", "/api/identityv2")
    described = {
        (method, path) for method, path in every_operation(HTTP_DOCUMENT) if path.startswith(roots)
    }
    assert described == served
    assert SNMS == "snms"


async def test_both_ports_serve_their_document(snms):
    for address, expected in (
        (snms.addresses.http, HTTP_DOCUMENT),
        (snms.addresses.admin, ADMIN_DOCUMENT),
    ):
        async with aiohttp.ClientSession(url_of(address)) as session:
            async with session.get("/openapi.json") as answer:
                found = await answer.json()
            async with session.get("/docs/", allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (308, "/docs")
            async with session.get("/docs") as answer:
                assert answer.status == 200
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert found["openapi"] == "3.1.0"
        assert found["paths"].keys() == expected["paths"].keys()


async def test_every_management_call_is_described(snms):
    async with aiohttp.ClientSession(url_of(snms.addresses.admin)) as session:
        paths = (await (await session.get("/")).json())["paths"]
    described = {path for _, path in every_operation(ADMIN_DOCUMENT)} | {
        "/openapi.json",
        "/docs",
        "/docs/",
        "/docs/{name}",
    }
    unfolded = set()
    for path in paths:
        choice = re.search(r"{\w+:([\w|]+)}", path)
        words = choice[1].split("|") if choice else ("",)
        unfolded |= {path.replace(choice.group(), word) if choice else path for word in words}
    assert unfolded == described


def test_the_page_asks_no_other_host():
    for language in LANGUAGES:
        html, headers = page(language)
        assert not re.search(rb"(src|href)=[\"']?(https?:)?//", html)
        assert "http" not in headers["Content-Security-Policy"]
