"""The bulk API does the same over both cores, whatever is asked of it.

* Bodies of items, right and wrong, plain and unrecognised, mutated anywhere, go to a node of each core. Equal are the answers
  (accepted, positions, codes, messages), what the observers learn, and the records in the logs, in their order.
* Many handles of every kind resolved at once: the answers are equal to the byte.
"""

import json
from collections import Counter
from contextlib import AsyncExitStack
from io import BytesIO
from types import SimpleNamespace

import msgpack
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from idnode.node.faces.bulk import read
from idnode.node.faces.bulk import resolve as resolving
from idnode.registry.embedded.core import CORES

BATCH = "/api/v1/identifiers/batch"
TYPES = {"msgpack": "application/msgpack", "ndjson": "application/x-ndjson"}

pytestmark = pytest.mark.skipif(len(CORES) < 2, reason="there is one core only")

SUFFIXES = st.sampled_from(["a", "A", "b", "é", "泵", "x" * 2040, "x" * 2050, "", "a/b", "\0", '"'])
HANDLES = st.builds(
    "/".join,
    st.tuples(st.sampled_from(["88.900", "88.900", "99.9", "0.NA", "0.na", ""]), SUFFIXES),
) | st.sampled_from(["0.NA/88.900.7", "0.na/88.900.7", "88.900", "", "/", "88.900/"])
TEXTS = st.sampled_from(["URL", "", "名称", "a" * 1024, "a" * 1025, "\\", "\u2028", "HS_ADMIN"])
TEXTS |= st.text(max_size=5)
INDEXES = st.integers(1, 3) | st.sampled_from(
    [0, -1, 2**31 - 1, 2**31, 2**32, 2**63, True, "1", 1.5]
)
DATA = TEXTS | st.sampled_from(["x" * 300, "x" * 256_000])
ODD_DATA = st.sampled_from(
    [None, 7, [], {}, {"base64": "AP8="}, {"base64": "AP8"}, {"base64": "AB=="}]
)
ODD_DATA |= st.sampled_from([{"base64": "?"}, {"base64": ""}, {"x": "y"}, {"base64": 1}])
TTLS = st.sampled_from([0, 60, 2**31 - 1, 2**31, -1, -(2**31), 1.0, None, "60"])
PLAIN = st.tuples(st.integers(1, 4), TEXTS, DATA)
VALUES = st.lists(
    PLAIN
    | PLAIN
    | st.tuples(INDEXES, TEXTS, DATA)
    | st.tuples(st.integers(1, 4), TEXTS, DATA, TTLS)
    | st.tuples(INDEXES, TEXTS, ODD_DATA)
    | st.lists(TEXTS | INDEXES, max_size=5),
    max_size=4,
)
MANY_VALUES = st.sampled_from([4095, 4096, 4097]).map(
    lambda count: [(index, "T", "") for index in range(count, 0, -1)]
)
ODD_ITEMS = st.sampled_from(
    [
        "88",
        "/x",
        {"88.900/a": 1, "": 2},
        [],
        ["88.900/a"],
        ["88.900/a", {}],
        ["88.900/a", ""],
        None,
        1.5,
        ["88.900/a", {"abc": 1}],
        ["88.900/a", [[1, "URL", "x"]], 1],
        ["88.900/a", 7],
        [[], []],
    ]
)
ITEMS = st.lists(
    st.tuples(HANDLES, VALUES)
    | st.tuples(st.just("88.900/plain"), st.lists(PLAIN, max_size=2))
    | st.tuples(HANDLES, MANY_VALUES)
    | ODD_ITEMS,
    max_size=6,
)


def as_bytes(found):
    """Return an item with its texts as binaries, here and there."""
    if isinstance(found, str):
        return found.encode() if len(found) % 2 else found
    if isinstance(found, (list, tuple)):
        return [as_bytes(each) for each in found]
    return found


def as_lines(items, *, ascii_only, blanks):
    separators = (" , ", " : ") if blanks else (",", ":")
    lines = [json.dumps(item, ensure_ascii=ascii_only, separators=separators) for item in items]
    return ("\r\n\n" if blanks else "\n").join(lines).encode()


BODIES = st.one_of(
    st.tuples(st.just("msgpack"), ITEMS.map(msgpack.packb)),
    st.tuples(st.just("msgpack"), ITEMS.map(lambda items: msgpack.packb(as_bytes(items)))),
    st.tuples(
        st.just("ndjson"),
        st.builds(as_lines, ITEMS, ascii_only=st.booleans(), blanks=st.booleans()),
    ),
)
MUTATIONS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from("=+-|"), st.binary(max_size=3)),
    max_size=3,
)


def mutated(body, mutations):
    """Return the body with bytes replaced, put in, taken out, or everything behind cut off."""
    for where, how, given_bytes in mutations:
        at = int(where * (len(body) + 1))
        match how:
            case "=":
                body = body[:at] + given_bytes + body[at + len(given_bytes) :]
            case "+":
                body = body[:at] + given_bytes + body[at:]
            case "-":
                body = body[:at] + body[at + len(given_bytes) :]
            case "|":
                body = body[:at]
    return body


@pytest.fixture
async def pair(build_house):
    """Return a house of each core, and clients of both."""
    async with AsyncExitStack() as stack:
        houses = [await build_house(CORES[name]) for name in ("python", "native")]
        clients = [
            await stack.enter_async_context(house.serve(plain_http=True)) for house in houses
        ]
        yield houses, clients


async def post(client, admin, encoding, body, query):
    headers = {"Content-Type": TYPES[encoding], "Accept": "application/json", **admin}
    async with client.post(BATCH + query, data=BytesIO(body), headers=headers) as response:
        assert response.status in {200, 400, 413}
        return response.status, json.loads(await response.read())


def new_records(house, mark):
    return [record[1:] for record in house.register._log.scan(mark)]


def learned(house):
    """Return what the observer was told of registrations, by code and folded prefix."""
    found = Counter()
    for code, prefix, count in house.observer.registrations:
        found[code, prefix.upper()] += count
    house.observer.registrations.clear()
    return found


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a batch of many values
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=BODIES,
    mutations=st.just([]) | MUTATIONS,
    query=st.sampled_from(["", "?overwrite=true", "?all_or_nothing=true"]),
)
@example(("msgpack", b""), [], "")
@example(("msgpack", b"\x90\xc1"), [], "")
@example(("msgpack", b"\x92\x91\x91\x91\xc0\xd4\xff\x00"), [], "")
@example(("msgpack", msgpack.packb([["88.900/a", [[1, "T", {"a": {}}]]]]) + b"x"), [], "")
@example(("msgpack", b"\x91" + b"\x91" * 3000 + b"\x90"), [], "")
@example(("msgpack", b"\x91\xdc\x08\x02" + b"\x00" * 2050), [], "")
@example(("msgpack", b"\x91\xde\x00\x41" + b"\xa1a\x00" * 65), [], "")
@example(("msgpack", b"\x91\x81\x00\x00"), [], "")
@example(("ndjson", b' \t\x0b\n["88.900/c",[]]\r\n\xef\xbb\xbf[]\n{'), [], "?all_or_nothing=true")
@example(
    ("ndjson", b'["88.900/\\ud83d\\ude00",[[1,"T","\\ud83d"]]]\n["88.900/\\uD83D\\uDE00",[]]'),
    [],
    "",
)
@example(
    (
        "ndjson",
        b'["88.900/n",[[01,"T",""]]]\n["88.900/n",[[1.0,"T",""]]]\n["88.900/n",[[-0,"T",""]]]',
    ),
    [],
    "",
)
async def test_a_batch_becomes_the_same_in_both_cores(pair, admin, body, mutations, query):
    houses, clients = pair
    encoding, content = body
    content = mutated(content, mutations)
    marks = [house.register._log.mark() for house in houses]
    answers = [await post(client, admin, encoding, content, query) for client in clients]
    assert answers[0] == answers[1], content
    records = [new_records(house, mark) for house, mark in zip(houses, marks, strict=True)]
    assert records[0] == records[1]
    python, native = map(learned, houses)
    assert python == native


RESOLVE = "/api/v1/identifiers/resolve"
VALUE = {"index": 1, "type": "URL", "data": "https://example.org/a"}
RECORDS = {
    "88.900/plain": [VALUE],
    "88.900/UTF-泵": [VALUE | {"type": "名" * 20, "data": "泵" * 100, "ttl": 2**31 - 1}],
    "88.900/many": [VALUE | {"index": index, "data": "x" * 300} for index in range(1, 40)],
    "88.900/bytes": [VALUE | {"data": {"format": "base64", "value": "AP8="}, "ttl": 0}],
    "88.900/absolute": [VALUE | {"ttl": "2030-01-01T00:00:00Z"}],
    "88.900/negative": [VALUE | {"ttl": -40_000}],
    "88.900/secret": [VALUE, VALUE | {"index": 2, "permissions": "1100"}],
    "88.900/hidden": [VALUE | {"permissions": "1100"}],
    "88.900/reference": [VALUE | {"references": [{"handle": "88.900/plain", "index": 1}]}],
    "88.900/large": [VALUE | {"data": "x" * 200_000}],
    "88.900/empty": [],
}
WANTED = st.lists(
    st.sampled_from(
        [*RECORDS, "88.900/PLAIN", "88.900/none", "99.9/x", "0.na/88.900", "88.900", ""]
    )
    | st.sampled_from(["88.900/" + "x" * 4096, b"88.900/plain", b"88.900/\xff", 7, None, [], "/"]),
    max_size=12,
)


@pytest.fixture
async def seeded(pair):
    """The pair, with the same records of every kind in both."""
    for house in pair[0]:
        for handle, found in RECORDS.items():
            await house.seed(handle, found)
    return pair


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=WANTED, mutations=st.just([]) | MUTATIONS)
@example(["88.900/plain"] * 3000, [])
@example(["88.900/many"] * 300 + ["88.900/none"] * 300 + ["88.900/large"] * 5, [])
async def test_many_handles_are_answered_the_same_by_both_cores(seeded, admin, wanted, mutations):
    houses, clients = seeded
    body = mutated(msgpack.packb(wanted), mutations)
    headers = {"Content-Type": TYPES["msgpack"], **admin}
    answers, told = [], []
    for house, client in zip(houses, clients, strict=True):
        house.observer.resolutions.clear()
        async with client.post(RESOLVE, data=BytesIO(body), headers=headers) as response:
            answers.append((response.status, await response.read()))
        found = Counter()
        for code, prefix, count in house.observer.resolutions:
            found[code, prefix.upper()] += count
        told.append(found)
    assert answers[0] == answers[1]
    assert told[0] == told[1]


async def test_the_compiled_core_answers_plain_records_by_itself(seeded, admin, monkeypatch):
    _houses, clients = seeded
    asked = []
    monkeypatch.setattr(
        resolving.BatchResolution,
        "_record",
        lambda _self, handle, *_: (
            asked.append(handle) or SimpleNamespace(code=1, prefix=b"", members={})
        ),
    )
    body = msgpack.packb(["88.900/plain", "88.900/many", "88.900/secret", "88.900/bytes"])
    headers = {"Content-Type": TYPES["msgpack"], **admin}
    async with clients[1].post(RESOLVE, data=BytesIO(body), headers=headers) as response:
        found = msgpack.unpackb(await response.read())["records"]
    assert [record.get("handle") for record in found] == [
        "88.900/plain",
        "88.900/many",
        None,
        "88.900/bytes",
    ]
    assert asked == [b"88.900/secret"]


async def test_the_compiled_core_reads_plain_items_by_itself(pair, admin, monkeypatch):
    """So that the comparison above compares two ways, and not one with itself."""
    _houses, clients = pair
    asked = []
    monkeypatch.setattr(read, "read_item", lambda *given: asked.append(given) or [])
    items = [["88.900/a", [[1, "URL", "x"], [2, "名称", "泵", 60]]], ["88.900/b", []]]
    body = msgpack.packb(items)
    assert (await post(clients[1], admin, "msgpack", body, ""))[1]["accepted"] == 2
    lines = as_lines(items, ascii_only=False, blanks=False)
    assert (await post(clients[1], admin, "ndjson", lines, "?overwrite=true"))[1]["accepted"] == 2
    assert not asked
    await post(clients[1], admin, "ndjson", b"[]", "")
    assert len(asked) == 1
