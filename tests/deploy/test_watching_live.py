"""A real Prometheus, with the committed configuration, watches a real node and keeps these promises.

- Before anybody asked the node anything, every query of every panel already returns a series.
- Under traffic over every face, every query of every panel returns a number.
- Idle and under traffic, no query returns what is no number, no graph has more lines than can be told apart, and a
  quotient of little by nothing shows nothing instead of thousands.
- Every recording rule has a value, every rule can be evaluated, and a healthy node raises no alert.
"""

import json
import math
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress

import pytest
import yaml

from idnode.clients import bulk, web_blocking
from idnode.clients.answer import Transport
from idnode.clients.blocking import Client
from idnode.clients.errors import Refused
from idnode.clients.web_requests import Credential
from idnode.registry.handle.clock import SystemClock
from idnode.registry.handle.model import HandleValue

PATIENCE_SECONDS = 45
"""Longest wait for a query to have its data; a bound against hanging, not an expectation."""

CREDENTIAL = Credential(301, "0.NA/88.900", "idnode-demo")

pytestmark = pytest.mark.timeout(120)


class Prometheus:
    """Prometheus, as deployed but for where and how often it scrapes."""

    def __init__(self, program, folder, source, admin):
        self._folder = folder
        shutil.copytree(source, folder, dirs_exist_ok=True)
        config = yaml.safe_load((source / "prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        target = admin.removeprefix("http://")
        (folder / "targets/nodes.yml").write_text(yaml.safe_dump([{"targets": [target]}]))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    program,
                    f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{port}",
                ],
                stdout=log,
                stderr=log,
            )

    def get(self, path, **parameters):
        """Return the data of an answer of the API."""
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}") as response:
            return json.load(response)["data"]

    def values(self, expression):
        """Return what an expression is now, one number a series; nothing while it does not answer yet."""
        assert self.process.poll() is None, self.log.read_text()
        try:
            found = self.get("query", query=expression)["result"]
        except urllib.error.URLError as error:
            if isinstance(error, urllib.error.HTTPError) and error.code == 400:
                raise AssertionError(f"{expression}: {error.read().decode()}") from error
            return []
        return [float(series["value"][1]) for series in found]


@pytest.fixture
def prometheus(tool, tmp_path, deploy):
    """Return a function that starts Prometheus over a node."""
    program = tool("prometheus", "Debian: prometheus")
    started = []

    def start(admin):
        started.append(Prometheus(program, tmp_path / "prometheus", deploy / "prometheus", admin))
        return started[-1]

    yield start
    for each in started:
        each.process.terminate()
        each.process.wait()


@pytest.fixture
def queries(deploy):
    """Return every query of every panel, as Grafana would send it for all nodes."""
    found = {}
    for path in sorted((deploy / "grafana/dashboards").glob("*.json")):
        if (
            path.stem == "tree"
        ):  # its panels want a tree; tests/integration/test_tree.py reads its metrics
            continue
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", ()):
                expression = target["expr"].replace("$__rate_interval", "30s")
                found[f"{path.name}: {panel['title']}: {target['refId']}"] = expression.replace(
                    "$instance", ".+"
                )
    return found


class Traffic:
    """A few requests over every face; what is asked succeeds, is missing, is refused, or is no message."""

    def __init__(self, ready):
        self._handle = Client(tuple(ready["handle_tcp"]))
        self._udp = tuple(ready["handle_udp"])
        self._web = web_blocking.Client(ready["http"], credential=CREDENTIAL)
        self._round = 0

    def close(self):
        self._handle.close()
        self._web.close()

    def send(self):
        """Ask a little of each kind."""
        self._round += 1
        name = f"88.900.1/live-{self._round}"
        values = [HandleValue(1, "URL", b"https://example.org/live")]
        self._web.create(name, values)
        self._web.batch([bulk.item(f"{name}-{number}", values) for number in range(20)])
        self._web.resolve_many([f"{name}-{number}" for number in range(20)])
        for handle in (name, "88.900.1/hello", "88.900.1/absent", "77.1/elsewhere"):
            with suppress(Refused):
                self._web.get(handle)
            for transport in (Transport.UDP, Transport.TCP):
                with suppress(Refused):
                    self._handle.resolve(handle, transport=transport)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"no message", self._udp)


@pytest.fixture
def traffic():
    """Return a function that makes the clients of a node."""
    made = []

    def make(ready):
        made.append(Traffic(ready))
        return made[-1]

    yield make
    for each in made:
        each.close()


def _wait(watching, queries, enough, meanwhile):
    """Ask each query until it has enough, with something to do in between; return those that never had."""
    left = dict(queries)
    clock = SystemClock()
    deadline = clock.elapsed() + PATIENCE_SECONDS
    while left and clock.elapsed() < deadline:
        meanwhile()
        threading.Event().wait(0.1)  # Prometheus tells nobody that it has scraped
        left = {name: query for name, query in left.items() if not enough(watching.values(query))}
    return left


def _finite(values):
    return bool(values) and all(math.isfinite(value) for value in values)


def _some_finite(values):
    """Return whether there is a number: a rule has one for each face, and a quantile of nothing is none."""
    return any(math.isfinite(value) for value in values)


SENSIBLE = {"Processor time of an answer": 1.0, "Index bytes per identifier": 100.0}
"""Most that panels may show, which divide by what may be next to nothing."""


def _misleading(watching, queries, deploy):
    """Return the panels that mislead as they are now: what they show."""
    lines = {}
    found = {}
    for name, query in queries.items():
        board, _, rest = name.partition(": ")
        title = rest.rpartition(": ")[0]
        values = watching.values(query)
        if not all(math.isfinite(value) for value in values):
            found[name] = values
        if any(value > SENSIBLE.get(title, math.inf) for value in values):
            found[name] = values
        lines.setdefault((board, title), []).extend(values)
    heats = {
        (path.name, panel["title"])
        for path in (deploy / "grafana/dashboards").glob("*.json")
        for panel in json.loads(path.read_text())["panels"]
        if panel["type"] == "heatmap"
    }
    many = {key: len(each) for key, each in lines.items() if len(each) > 12 and key not in heats}
    return found | many


def test_no_panel_is_ever_empty(served, prometheus, traffic, queries, rules, deploy):
    node = served()
    watching = prometheus(node.ready["admin"])

    scraped = {"two scrapes": "count_over_time(up[1m]) >= 2"}
    assert not _wait(watching, scraped, bool, watching.process.poll)
    assert _wait(watching, queries, bool, lambda: None) == {}
    assert _misleading(watching, queries, deploy) == {}

    asked = traffic(node.ready)
    assert _wait(watching, queries, _finite, asked.send) == {}
    assert _misleading(watching, queries, deploy) == {}
    recorded = {rule["record"]: rule["record"] for rule in rules if "record" in rule}
    assert _wait(watching, recorded, _some_finite, asked.send) == {}

    unwell = [
        rule
        for group in watching.get("rules")["groups"]
        for rule in group["rules"]
        if rule["health"] != "ok" or rule.get("state") == "firing"
    ]
    assert unwell == []
    targets = watching.get("targets")["activeTargets"]
    assert {"idnode": "up"}.items() <= {
        each["labels"]["job"]: each["health"] for each in targets
    }.items()
