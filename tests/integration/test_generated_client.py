"""A client that a generator made of /openapi.json alone talks to the node.

- openapi-python-client reads the document without leaving anything out.
- The generated client logs in, makes a template, registers identifiers, reads one, and takes a refusal as data; over the
  IDHub API it asks for a challenge.
"""

import asyncio
import importlib
import json
import sys

import aiohttp
import pytest

from idnode.node.addresses import url_of

NAME = "idnode_generated"
CONFIGURATION = (
    f'project_name_override: "{NAME}"\npackage_name_override: "{NAME}"\npost_hooks: []\n'
)


@pytest.fixture
async def generated(node, tmp_path, monkeypatch):
    """Return a function that imports a module of the client that was generated from the node's document."""
    async with aiohttp.ClientSession(url_of(node.addresses.http)) as session:
        document = await (await session.get("/openapi.json")).text()
    (tmp_path / "openapi.json").write_text(document)
    (tmp_path / "client.yml").write_text(CONFIGURATION)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "openapi_python_client", "generate", "--path", "openapi.json",
        "--config", "client.yml", "--output-path", "made", "--fail-on-warning",
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    monkeypatch.syspath_prepend(str(tmp_path / "made"))
    yield lambda module: importlib.import_module(f"{NAME}.{module}")
    for loaded in [each for each in sys.modules if each.partition(".")[0] == NAME]:
        del sys.modules[loaded]


@pytest.mark.timeout(180)
async def test_a_generated_client_talks_to_the_node(node, generated):
    base = url_of(node.addresses.http)
    models, client = generated("models"), generated("client")
    login = generated("api.snms_identity.post_identity_token").asyncio
    body = models.Login(username="demo", password="idnode-demo")
    async with client.Client(base_url=base) as stranger:
        found = await login(client=stranger, body=body)
    assert found.status == 1
    template = _example("/snms/api/v5/template", models.Template)
    items = _example("/identityv2/data/batchCreate", models.Identifier)
    async with client.AuthenticatedClient(base_url=base, token=found.data.token) as known:
        make = generated("api.snms_templates.post_snms_api_v5_template").asyncio
        assert (await make(client=known, body=template)).status == 1
        register = generated("api.snms_identifiers.post_identityv_2_data_batch_create").asyncio
        outcomes = await register(client=known, body=[*items, items[0]])
        assert [each.msg for each in outcomes.data] == ["success", "success", "标识已存在"]
        read = generated("api.snms_identifiers.get_identityv2_data_detail").asyncio
        shown = (await read(client=known, handle=items[0].handle)).data
        assert [each.data.value for each in shown.value if each.index == 2000] == ["IS80-65"]
        refused = await read(client=known, handle="88.900.1/none")
        assert (refused.status, refused.message, refused.data) == (-2, "没有找到标识", None)
        challenge = generated("api.id_hub_identity.get_api_v1_doip_public_challenge").asyncio
        answer = await challenge(client=known, handle="88.900.1/App_none")
        assert answer.code == 40508


def _example(path, model):
    """Return the example of a call's body in the document, as the client's own model."""
    from idnode.node.faces.http.documentation import openapi

    content = openapi("test")["paths"][path]["post"]["requestBody"]["content"]
    example = json.loads(json.dumps(content["application/json"]["example"]))
    if isinstance(example, list):
        return [model.from_dict(each) for each in example]
    return model.from_dict(example)
