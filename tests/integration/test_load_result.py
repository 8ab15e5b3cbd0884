"""The result of a load test that is left with the node keeps these promises.

- None is there at first; the last one that was left is told, with all its members and the time.
- What is no result, too long a body or another type is refused with what was wrong, and the one before stays.
"""

import aiohttp
import pytest

from idnode.node.addresses import url_of
from idnode.node.ops.load_result import PATH, RESULT_BYTES_MAX

JSON = {"Content-Type": "application/json"}
RESULT = {
    "exit_code": 0,
    "verdict": "PASSED",
    "seconds": 20.5,
    "profile": {"name": "smoke"},
    "operations": [{"face": "json", "operation": "resolve", "requests": 7}],
    "thresholds": [{"of": "all", "name": "p99_ms", "asked": 50.0, "measured": 3.5, "held": True}],
    "all": {"requests": 7, "failed": 0, "corrected_ms": {"p50": 1.5, "p99": 3.5}},
    "remarks": ["a member that the node does not know"],
}


@pytest.fixture
async def call(node):
    async with aiohttp.ClientSession(url_of(node.addresses.admin)) as session:

        async def calling(method, path=PATH, **options):
            async with session.request(method, path, **options) as answer:
                return answer.status, await answer.json(content_type=None)

        yield calling


async def test_the_last_result_is_told(call):
    _, clock = await call("POST", "/api/v1/clock", json={"freeze": True})
    assert await call("GET") == (200, {"at": None, "result": None})
    assert (await call("PUT", json=RESULT | {"verdict": "BROKEN"}))[0] == 204
    assert (await call("PUT", json=RESULT))[0] == 204
    status, kept = await call("GET")
    assert (status, kept["result"]) == (200, RESULT)
    assert kept["at"] == pytest.approx(clock["now"])  # which is told in microseconds


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        ({"json": []}, 400, "the body: Input should be a valid dictionary"),
        ({"json": RESULT | {"verdict": 7}}, 400, "verdict: Input should be a valid string"),
        (
            {"json": {name: RESULT[name] for name in RESULT if name != "operations"}},
            400,
            "operations: Field required",
        ),
        ({"json": RESULT | {"operations": ["x"]}}, 400, "operations.0: "),
        ({"data": b"{", "headers": JSON}, 400, "is no JSON"),
        ({"data": b"{}"}, 415, "Expected application/json"),
        (
            {"data": b" " * (RESULT_BYTES_MAX + 1), "headers": JSON},
            413,
            "at most 262,144 bytes, this has 262,145",
        ),
    ],
)
async def test_what_is_no_result_changes_nothing(call, options, status, message):
    await call("PUT", json=RESULT)
    refused, said = await call("PUT", **options)
    assert refused == status
    assert message in said["message"]
    assert (await call("GET"))[1]["result"] == RESULT
