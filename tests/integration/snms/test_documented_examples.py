"""What /openapi.json shows as examples is what a node takes and answers.

- Each call of SNMS, Handle JSON and bulk, sent as its example to a fresh node in the order of a real life, is carried out.
- What is answered has the members, and the kinds of values, of the example of that answer, referrals and refusals included.
- What is shown for curl can be run as it stands.
- Examples of answers, of every face, fit their schemas.
"""

import asyncio
import io
import json
import os
import shutil
from datetime import UTC, datetime

import aiohttp
import jsonschema
import pytest

from idnode.clients.web_requests import Credential
from idnode.node.addresses import url_of
from idnode.node.faces.http.documentation import openapi
from idnode.node.openapi.samples import BASE, examples_in

DOCUMENT = openapi("test")
OPERATIONS = {
    (method.upper(), path): operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
LIVED = {key: each for key, each in OPERATIONS.items() if not each["tags"][0].startswith("IDHub")}
NODE = Credential(301, "0.NA/88.900", "idnode-demo").authorization()
ENTERPRISE = Credential(301, "0.NA/88.900.1", "idnode-demo").authorization()
NOON = datetime(2026, 11, 29, 4, tzinfo=UTC).timestamp()
"""Noon in China on the day of the dated digest in the document."""

DATA, UPLOAD = "/identityv2/data", "/snms/api/file/upload"
DEMO = (
    *(("POST", path) for path in ("/identity/token", "/identity/token/v1")),
    *(
        (method, f"/snms/api/{version}")
        for version in ("v3/template", "template/v1")
        for method in ("POST", "GET", "DELETE")
    ),
    *((method, "/snms/api/v5/template") for method in ("POST", "GET", "PUT")),
    *(("POST", DATA), ("GET", f"{DATA}/detail"), ("GET", "/api/identityv2/query/data")),
    *(("PUT", DATA), ("POST", f"{DATA}/batchCreate"), ("PUT", f"{DATA}/batchUpdate")),
    *(("GET", "/api/v1/identifiers"), ("GET", "/api/handles")),
    *(("DELETE", DATA), ("DELETE", f"{DATA}/batchDelete"), ("DELETE", "/snms/api/v5/template")),
)
ADMIN = (
    ("POST", "/identity/registry"),
    *(("POST", UPLOAD) for _ in range(6)),
    *(("POST", path) for path in ("/snms/api/v3/ent/apply", "/snms/api/ent/apply")),
    ("POST", "/snms/api/v3/ent/upgrade-apply"),
    *(("GET", f"/snms/api/v3/ent/{what}") for what in ("page", "detail")),
    *(("GET", f"/snms/api/prefix/{what}") for what in ("query", "page")),
    ("POST", "/snms/api/ent/config"),
)
HANDLES = (
    *(("POST", "/api/v1/identifiers/batch"), ("POST", "/api/v1/identifiers/resolve")),
    *((method, "/api/handles/{handle}") for method in ("GET", "PUT", "DELETE")),
    ("GET", "/api/site"),
)
OTHER_ANSWERS = {
    ("/api/handles/88.900.7/P-0001", "300"): ("GET", "/api/handles/{handle}"),
    ("/api/handles/88.900.1/none", "404"): ("GET", "/api/handles/{handle}"),
    ("/api/handles/99.1/P-0001", "400"): ("GET", "/api/handles/{handle}"),
}


def kind_of(value):
    return (
        "number" if isinstance(value, int | float) and value is not True else type(value).__name__
    )


def differences(shown, came, at="answer"):
    """Return where a real answer is of another shape than an example."""
    if isinstance(shown, dict) and isinstance(came, dict):
        found = [f"{at}: {name} is shown or came alone" for name in shown.keys() ^ came.keys()]
        for name in shown.keys() & came.keys():
            found += differences(shown[name], came[name], f"{at}.{name}")
        return found
    if isinstance(shown, list) and isinstance(came, list):
        pairs = zip(shown[:1], came[:1], strict=False)
        found = [each for one, other in pairs for each in differences(one, other, f"{at}.0")]
        return found if (came and shown) or not came else [*found, f"{at}: shown empty"]
    return [] if kind_of(shown) == kind_of(came) else [f"{at}: {shown!r} is shown, {came!r} came"]


def documented(operation, status):
    """Return the example of an answer, of the status itself or of all others."""
    answers = operation["responses"]
    content = answers.get(status, answers["default"])["content"]["application/json"]
    return content["examples"]["success"]["value"] if "examples" in content else content["example"]


class Life:
    """Sends calls as their examples have them."""

    def __init__(self, session):
        self.session = session
        self.problems = []
        self.lived = set()

    async def call(self, key, authorization):
        method, path = key
        operation = OPERATIONS[key]
        self.lived.add(key)
        query = []
        for parameter in operation.get("parameters", ()):
            example = parameter.get("example", "")
            if parameter["in"] == "path":
                path = path.replace("{" + parameter["name"] + "}", str(example))
            elif parameter["required"]:
                query.append((parameter["name"], str(example)))
        security = operation.get("security", [{}])
        headers = {} if {} in security else {"Authorization": authorization}
        for data in bodies_of(operation):
            sent = dict(headers)
            if isinstance(data, io.BytesIO):
                sent["Content-Type"] = "application/json"
            request = self.session.request(method, path, params=query, data=data, headers=sent)
            async with request as answer:
                await self.compare(key, str(answer.status), await answer.json())

    async def compare(self, key, status, came):
        operation = OPERATIONS[key]
        if status not in operation["responses"]:
            self.problems.append((key, status, came))
        elif came.get("status", 1) != 1:
            self.problems.append((key, "refused", came))
        found = differences(documented(operation, status), came)
        self.problems += [(key, status, each) for each in found]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
async def test_what_is_copied_for_curl_runs(snms, demo, admin):
    await demo.good("POST", "/snms/api/v5/template", example("POST", "/snms/api/v5/template"))
    base = url_of(snms.addresses.http)
    for method, path, caller, status in (
        ("POST", "/identity/token", demo, b"200"),
        ("POST", "/identityv2/data", demo, b"200"),
        ("GET", "/api/v1/identifiers", demo, b"200"),
        ("GET", "/snms/api/prefix/page", admin, b"200"),
        ("POST", "/api/v1/identifiers/batch", demo, b"200"),
        ("GET", "/api/handles/{handle}", demo, b"200"),
        ("PUT", "/api/handles/{handle}", demo, b"201"),
        ("GET", "/api/prefixes", admin, b"200"),
    ):
        source = OPERATIONS[method, path]["x-codeSamples"][0]["source"].replace(BASE, base)
        process = await asyncio.create_subprocess_shell(
            f"{source} -s -w ' %{{http_code}}'",
            env={**os.environ, "TOKEN": caller.token},
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
        assert said.endswith(b" " + status), (path, said)
        assert b'"status":-' not in said


def example(method, path):
    return OPERATIONS[method, path]["requestBody"]["content"]["application/json"]["example"]


def bodies_of(operation):
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(b"\xff\xd8\xff\xe0" + bytes(32)), filename="licence.jpg")
        return [form]
    found = content.get("application/json")
    if found is None:
        return [None]
    return [io.BytesIO(json.dumps(each).encode()) for each in examples_in(found)]


async def test_examples_run_and_answers_are_as_shown(snms, demo, admin, clock):
    clock.advance(NOON - clock.now())
    life = Life(demo.session)
    for caller in (demo, admin):
        await caller.login("admin" if caller is admin else "demo")
    for key in DEMO:
        await life.call(key, f"Bearer {demo.token}")
    for key in ADMIN:
        await life.call(key, f"Bearer {admin.token}")
    for key in HANDLES:
        await life.call(key, ENTERPRISE)
    await life.call(("GET", "/api/prefixes"), NODE)
    for (path, status), key in OTHER_ANSWERS.items():
        async with demo.session.get(path) as answer:
            assert str(answer.status) == status
            await life.compare(key, status, await answer.json())
    assert life.problems == []
    assert life.lived == LIVED.keys()


async def test_refusals_are_as_shown(demo):
    for (method, path), operation in LIVED.items():
        shown = operation["responses"]["200"]["content"]["application/json"].get("examples", {})
        if "refused" in shown:
            headers = {"Authorization": "Bearer none"}
            async with demo.session.request(method, path, headers=headers) as answer:
                came = await answer.json()
            assert differences(shown["refused"]["value"], came) == []
            assert shown["refused"]["value"]["status"] < 0


@pytest.mark.parametrize("key", OPERATIONS, ids=" ".join)
def test_examples_of_answers_fit_their_schemas(key):
    for answer in OPERATIONS[key]["responses"].values():
        content = answer.get("content", {}).get("application/json")
        if content is None:
            continue
        schema = content["schema"] | {"components": DOCUMENT["components"]}
        shown = [each["value"] for each in content.get("examples", {}).values()]
        for example in [*shown, *([content["example"]] if "example" in content else [])]:
            jsonschema.validate(example, schema)
