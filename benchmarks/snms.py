"""SNMS batchCreate of 2,000 identifiers beside the bulk face's batch of the same identifiers.

One client, one connection, one call after the other, as the guide advises; bodies are encoded before the
clock starts, and both answers are durable. The rows tell identifiers a second, and the time of one call:
a real node is reported to take about two seconds for 2,000.
"""

from __future__ import annotations

import itertools
import json
import time
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import msgpack

from benchmarks.node_process import RegistrationRefused, batch_headers, post_batch
from benchmarks.row import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from http.client import HTTPConnection

    from benchmarks.config import Config
    from benchmarks.node_process import NodeProcess

ITEMS = 2000
PREFIX = "88.900.1"
VERSION = "benchmark"
_CALLS = 10
_ATTRIBUTES = (("型号", "model", 2000), ("批次", "batch", 2001), ("网址", "url", 2002))
_CREATE = "/identityv2/data/batchCreate"


class _Run(NamedTuple):
    """Seconds of each call of one repetition."""

    seconds: list[float]

    @property
    def rate(self) -> float:
        return ITEMS * len(self.seconds) / sum(self.seconds)

    @property
    def call(self) -> float:
        return median(self.seconds) * 1000


def run(config: Config) -> list[Row]:
    """Measure both faces in turn; each repetition registers identifiers never seen."""
    what = f"SNMS batchCreate, one connection × {ITEMS:,} (durable)"
    series = (f"snms{number}" for number in itertools.count())
    with config.serving() as node:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {_token(node)}"}
        _make_template(node, headers)
        measures: dict[str, Callable[[], _Run]] = {
            "ours": lambda: _through_snms(node, headers, next(series)),
            "bulk": lambda: _through_bulk(node, next(series)),
        }
        found = config.interleaved(measures, what=what)
    ours, bulk = found["ours"], found["bulk"]
    return [
        Row(
            what=what,
            ours=tuple(each.rate for each in ours),
            peer="our bulk face, msgpack",
            peers=tuple(each.rate for each in bulk),
        ),
        Row(
            what=f"the same, one call of {ITEMS:,}",
            ours=tuple(each.call for each in ours),
            peer="our bulk face, msgpack",
            peers=tuple(each.call for each in bulk),
            unit="ms",
            note=f"slowest {max(max(each.seconds) for each in ours) * 1000:.0f} ms",
        ),
    ]


def _values(number: int) -> list[tuple[int, str, str]]:
    texts = (f"IS80-65-{number % 100}", f"B{number // 1000}", f"https://example.org/p/{number}")
    return [(index, kind, text) for (_, kind, index), text in zip(_ATTRIBUTES, texts, strict=True)]


def _record(handle: str, number: int) -> dict[str, object]:
    values = [
        {"auth": "", "index": index, "type": kind, "data": {"format": "string", "value": text}}
        for index, kind, text in _values(number)
    ]
    return {"handle": handle, "templateVersion": VERSION, "value": values}


def _through_snms(node: NodeProcess, headers: dict[str, str], series: str) -> _Run:
    bodies = [
        json.dumps([_record(f"{PREFIX}/{series}-{n}", n) for n in numbers]).encode()
        for numbers in _numbers()
    ]

    def send(connection: HTTPConnection, body: bytes) -> None:
        found = _called(connection, "POST", _CREATE, body, headers)
        assert isinstance(found, list)
        if any(each["msg"] != "success" for each in found):
            raise RegistrationRefused(repr(found[:3]))

    return _timed(node, bodies, send)


def _through_bulk(node: NodeProcess, series: str) -> _Run:
    bodies = [
        msgpack.packb([[f"{PREFIX}/{series}-{n}", _stored(n)] for n in numbers])
        for numbers in _numbers()
    ]
    post = partial(post_batch, headers=batch_headers())

    def send(connection: HTTPConnection, body: bytes) -> None:
        if msgpack.unpackb(post(connection, body))["failed"]:
            raise RegistrationRefused(series)

    return _timed(node, bodies, send)


def _stored(number: int) -> list[tuple[int, str, str]]:
    """Return the values that the SNMS face would store: its own two come first."""
    own = [(1000, "TEMPLATE_ID", f"{PREFIX}/tpl-{VERSION}"), (1001, "TEMPLATE", VERSION)]
    return [*own, *_values(number)]


def _numbers() -> list[range]:
    return [range(call * ITEMS, (call + 1) * ITEMS) for call in range(_CALLS)]


def _timed(
    node: NodeProcess, bodies: Sequence[bytes], send: Callable[[HTTPConnection, bytes], None]
) -> _Run:
    connection = node.connection()
    seconds = []
    for body in bodies:
        started = time.perf_counter()
        send(connection, body)
        seconds.append(time.perf_counter() - started)
    connection.close()
    return _Run(seconds)


def _token(node: NodeProcess) -> str:
    body = json.dumps({"username": "demo", "password": "idnode-demo"}).encode()
    connection = node.connection()
    headers = {"Content-Type": "application/json"}
    found = _called(connection, "POST", "/identity/token", body, headers)
    connection.close()
    assert isinstance(found, dict)
    return str(found["token"])


def _make_template(node: NodeProcess, headers: dict[str, str]) -> None:
    metadata = {"type": "string", "minLength": 0, "maxLength": 64}
    template = {
        "prefix": PREFIX,
        "version": VERSION,
        "industryCategory": "C",
        "industrySpecific": "34",
        "industryTrade": "344",
        "industrySubclass": "3441",
        "type": 2,
        "items": [
            {"name": name, "idType": kind, "idIndex": index, "required": True, "metadata": metadata}
            for name, kind, index in _ATTRIBUTES
        ],
    }
    connection = node.connection()
    _called(connection, "POST", "/snms/api/v5/template", json.dumps(template).encode(), headers)
    connection.close()


def _called(
    connection: HTTPConnection, method: str, path: str, body: bytes, headers: dict[str, str]
) -> object:
    """Return the data of a call.

    Raises:
        RegistrationRefused: The node answered with another status than 1.

    """
    connection.request(method, path, body, headers)
    found = json.loads(connection.getresponse().read())
    if found["status"] != 1:
        raise RegistrationRefused(f"{path}: {found['message']}")
    return found["data"]
