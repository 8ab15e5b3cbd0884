"""`idnode serve`, started as users start it, keeps these promises.

- Once the ready file is there, identifiers resolve over UDP, TCP and HTTP, with the same answer.
- SIGTERM and SIGINT end it with exit code 0; what was registered answers the same after a restart.
- Lifetime counters survive a restart; after a kill, registrations are no fewer than what the log holds.
- A taken port and the demo secret off loopback are refused in one line that says what to do.
- What is exported can be imported elsewhere, whole; an import replaces nothing unless asked to.
- A second signal ends a node that is still draining.
"""

import http.client
import json
import signal
import socket
import subprocess
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families

from idnode.clients.web_blocking import Client
from idnode.clients.web_requests import Credential
from idnode.registry.handle.model import HandleValue, Reference, TtlType

MORE = '["88.900.1/more-{0}", [[1, "URL", "https://example.org/{0}"]]]\n'


BEGUN = (
    b"POST /api/v1/identifiers/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n"
    b"Authorization: Basic MzAxJTNBMC5OQS84OC45MDA6aWRub2RlLWRlbW8=\r\n"
    b"Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n"
)
"""A request whose body the node waits for."""


@pytest.fixture(scope="module")
def standing(launch_shared):
    """A node for tests that neither stop it nor count what it holds."""
    return launch_shared()


@pytest.fixture
def register_more(tmp_path):
    """Return a function that registers so many identifiers."""

    def register(node, count):
        path = tmp_path / "more.ndjson"
        path.write_text("".join(MORE.format(number) for number in range(count)))
        done = node.run("batch", "--overwrite", path)
        assert done.returncode == 0, done.stderr

    return register


def _values(node, handle, transport):
    done = node.run("resolve", handle, "--transport", transport, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["values"]


def _get(url):
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port)
    connection.request("GET", address.path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


def _total(node, name):
    families = text_string_to_metric_families(_get(f"{node.ready['admin']}/metrics")[1].decode())
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == name and sample.labels["outcome"] == "success"
    )


def test_every_face_gives_the_same_answer_before_and_after_a_restart(served):
    node = served()
    assert node.run("register", "88.900.1/part", "URL=https://example.org/part").returncode == 0
    before = [_values(node, "88.900.1/part", each) for each in ("udp", "tcp", "http")]
    assert before[0] == before[1] == before[2]
    assert before[0][0]["data"]["value"] == "https://example.org/part"
    assert node.stop() == 0
    assert not node.ready_file.exists()
    node.start()
    after = [_values(node, "88.900.1/part", each) for each in ("udp", "tcp", "http")]
    assert after == before


def test_idnode_wait_returns_once_a_node_is_ready(served):
    node = served()
    assert node.stop() == 0
    node.launch()
    waited = node.run("wait", "--ready-file", node.ready_file)
    assert (waited.returncode, waited.stderr) == (0, "")
    ready = json.loads(node.ready_file.read_bytes())
    assert ready["pid"] == node.process.pid
    assert _get(f"{ready['admin']}/readyz")[0] == 200


def test_the_ready_file_says_what_was_bound(standing):
    node = standing
    faces = {"handle_tcp", "handle_udp", "http", "https", "admin"}
    assert set(node.ready) == {"pid", "core", *faces}
    assert node.ready["pid"] == node.process.pid
    assert node.ready["core"] in {"native", "python"}
    assert node.ready["handle_tcp"] == node.ready["handle_udp"]
    assert _get(f"{node.ready['admin']}/readyz") == (
        200,
        json.dumps(
            {"status": "ready", "core": node.ready["core"], "writable": True},
            separators=(",", ":"),
        ).encode(),
    )


def test_the_banner_names_every_address_and_its_lines_work_as_printed(standing):
    node = standing
    node.output.wait_for("  curl http")
    for address in (node.ready["http"], node.ready["admin"], "301:0.NA/88.900", "idnode-demo"):
        assert address in node.output.text
    # The node's log goes on below the banner, whose lines are indented.
    lines = node.output.text.partition("Three lines to copy:")[2].splitlines()
    commands = [line.strip() for line in lines if line.startswith("  ")]
    assert len(commands) == 3
    for command in commands:
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "88.900.1/" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_exit_code_0(served, number):
    assert served().stop(number) == 0


def test_lifetime_counters_survive_a_restart(served, register_more):
    node = served()
    register_more(node, 30)
    node.run("resolve", "88.900.1/hello")
    registered = _total(node, "idnode_registrations_total")
    assert registered >= 30
    assert node.stop() == 0
    node.start()
    assert _total(node, "idnode_registrations_total") == registered
    assert _total(node, "idnode_resolutions_total") == 1


def test_after_a_kill_registrations_are_no_fewer_than_the_log_holds(served, register_more):
    node = served()
    register_more(node, 30)
    node.kill()
    node.ready_file.unlink()
    (node.data_dir / "counters.json").unlink(missing_ok=True)
    node.start()
    assert _total(node, "idnode_registrations_total") >= 30
    assert _values(node, "88.900.1/more-29", "udp")


@pytest.mark.parametrize("flag", ["--handle-port", "--http-port", "--admin-port"])
def test_a_taken_port_is_refused_in_one_line_that_names_the_flag(served, flag):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, lines = served.refused(flag, port)
    assert code == 1
    (line,) = [line for line in lines if line.startswith("idnode: ")]
    assert f"port {port} is taken" in line
    assert flag in line


def test_the_demo_secret_is_refused_off_loopback(served):
    code, (line,) = served.refused("--host", "0.0.0.0")
    assert code == 2
    assert line.startswith("idnode: refusing to bind to 0.0.0.0")
    assert "IDNODE_SECRET" in line


def test_a_data_directory_in_use_is_refused(standing, served):
    node = standing
    code, lines = served.refused("--data-dir", node.data_dir)
    assert code == 1
    assert any("in use" in line for line in lines)
    assert node.run("resolve", "88.900.1/hello").returncode == 0


def test_a_second_signal_ends_a_node_that_is_still_draining(served):
    node = served("--drain-timeout", "600")
    address = urlsplit(node.ready["http"])
    with socket.create_connection((address.hostname, address.port)) as held:
        held.sendall(BEGUN)
        assert held.recv(100).startswith(b"HTTP/1.1 100")
        node.process.send_signal(signal.SIGTERM)
        node.output.wait_for("stopping")
        assert node.stop() == 128 + signal.SIGTERM


def test_a_secret_of_ones_own_replaces_the_demo_secret(served):
    node = served("--secret", "sesame-of-mine")
    assert "idnode-demo" not in node.output.text
    assert "sesame-of-mine" not in node.output.text
    refused = node.run("list", "88.900.1", "--secret", "idnode-demo")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert node.run("list", "88.900.1", "--secret", "sesame-of-mine").stdout == "88.900.1/hello\n"


@pytest.mark.parametrize("register_engine", ["embedded"], indirect=True)  # others take no snapshots
def test_the_management_port_takes_a_snapshot_that_check_accepts(served, register_more):
    node = served()
    register_more(node, 30)
    assert node.run("snapshot", "before").returncode == 0
    assert node.run("snapshot", "before").returncode == 1
    checked = node.run("check", node.data_dir / "snapshots" / "before")
    assert checked.returncode == 0, checked.stderr
    assert "nothing is wrong" in checked.stdout


def test_what_is_exported_can_be_imported_by_another_node(
    standing, served, register_more, tmp_path
):
    node = standing
    register_more(node, 30)
    assert node.run("export", "88.900.1", tmp_path / "all.ndjson").returncode == 0
    exported = len((tmp_path / "all.ndjson").read_text(encoding="utf-8").splitlines())
    assert exported >= 31
    other = served()
    done = other.run("import", "--overwrite", tmp_path / "all.ndjson")
    assert done.stdout == f"{exported} accepted, 0 refused\n"
    assert other.run("list", "88.900.1").stdout == node.run("list", "88.900.1").stdout


def test_an_export_loses_no_value_and_an_import_replaces_nothing_unasked(served, tmp_path):
    node = served()
    credential = Credential(301, "0.NA/88.900", "idnode-demo")  # may change what names nobody
    values = (
        HandleValue(1, "URL", b"https://example.org/"),
        HandleValue(2, "NOTE", b"for administrators", permissions=0x0C),
        HandleValue(3, "PART", b"\xff\x00", references=(Reference("88.900.1/hello", 1),)),
        HandleValue(4, "UNTIL", b"then", ttl=1_900_000_000, ttl_type=TtlType.ABSOLUTE),
    )
    with Client(node.ready["http"], credential) as client:
        client.create("88.900.1/whole", values)
        assert node.run("export", "88.900.1", tmp_path / "all.ndjson").returncode == 0
        everything = ("import", "--no-admin", tmp_path / "all.ndjson")
        assert node.run(*everything).stdout == "0 accepted, 2 refused\n"
        client.delete("88.900.1/whole")
        assert node.run(*everything).stdout == "1 accepted, 1 refused\n"
        (answer,) = client.resolve_many(["88.900.1/whole"], restricted=True)
        (public,) = client.resolve_many(["88.900.1/whole"])
    assert tuple(replace(value, timestamp=0) for value in answer.values) == values
    assert [value.index for value in public.values] == [1, 3, 4]
