"""What the node says about the IDHub API is true.

- The document names every call of this face and no other, but for the GET that a client library sends by accident.
- Requests made from it by an application, good and bad, get answers that it describes, and never a 5xx or code 500.
"""

import asyncio

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from idnode.node.addresses import url_of
from idnode.node.faces.http.documentation import openapi
from idnode.node.faces.idhub.routes import ROOTS, calls
from idnode.node.service.events import NullObserver

DOCUMENT = openapi("test")
OWN = {path: item for path, item in DOCUMENT["paths"].items() if path.startswith(ROOTS)}
EXAMPLES = 12


def runs(base, token, count):
    """Send requests made from each operation, in this thread."""
    loaded = schemathesis.openapi.from_dict(DOCUMENT | {"paths": OWN})
    loaded.config.update(base_url=base)
    for result in loaded.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=count,
            database=None,
            derandomize=True,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case):
            response = case.call(headers={"Authorization": f"Bearer {token}"})
            case.validate_response(
                response,
                checks=(
                    not_a_server_error,
                    content_type_conformance,
                    response_schema_conformance,
                    status_code_conformance,
                ),
            )
            assert b'"code":500' not in response.content

        ask()


@pytest.mark.timeout(240)
async def test_requests_made_from_the_document_find_nothing(idhub, demo, examples):
    await demo.template()
    base = url_of(idhub.addresses.http)
    await asyncio.to_thread(runs, base, demo.token, examples(EXAMPLES))


async def test_the_document_names_every_call_and_no_other(idhub):
    served = {(call.method, call.path) for call in calls(idhub.parts.objects.idhub(NullObserver()))}
    described = {(method.upper(), path) for path, item in OWN.items() for method in item}
    assert served - described == {("GET", "/api/v1/doip/public/verify-response")}
    assert described <= served
