"""Locust users extend the load test as they extend Locust.

- The file in loadtests/README.md runs headless: its class in the place of the one that it extends, another user
  beside it, `-u -r -t` and classes of the command line hold; sizes are bytes.
- In the web page profile and faces are chosen in the form, twice; tabs show both latencies and the verdict, the report too.
- Every option has a variable; one that no option has ends the test, as does a node that is down: exit code 2.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager

import pytest
from tests.loadtests.conftest import ROOT

from idnode.loadtests.profile import Face
from idnode.loadtests.serving import served_node

pytestmark = pytest.mark.alone

PROFILE = """
title = "mine"
[keys]
space = "written"
written = 50
[load]
model = "open"
users = 12
[shape]
kind = "constant"
level = {level}
duration_seconds = 2
[users]
handle_udp = 3
json = 1
[thresholds]
p99_ms = 30_000
failures_percent = 0
[limits]
lag_ms = 30_000
cpu_percent = 100
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """Return the ready file of a node that runs for all tests."""
    with served_node(tmp_path_factory.mktemp("node")) as ready:
        yield ready


@pytest.fixture
def folder(tmp_path):
    """Return a folder with the locustfile of the README, and two profiles."""
    text = (ROOT / "loadtests/README.md").read_text(encoding="utf-8")
    (file,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "mine.py").write_text(file)
    for name, level in (("mine", 100), ("slower", 20)):
        (tmp_path / f"{name}.toml").write_text(PROFILE.format(level=level))
    return tmp_path


def locust(folder, node, *flags, file="mine.py", **variables):
    http = json.loads(node.read_bytes())["http"]
    command = [sys.executable, "-m", "locust", "-f", file, "--ready-file", node, "--host", http]
    done = subprocess.run(
        [*command, "--headless", "--only-summary", "--result", "result.json", *flags],
        cwd=folder,
        env={**os.environ, "LOCUST_LOAD_PROFILE": "mine.toml", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    found = folder / "result.json"
    return done, json.loads(found.read_bytes()) if found.exists() else None


def asked(result):
    return {(each["face"], each["operation"]) for each in result["operations"]}


def test_the_file_of_the_readme_runs_headless(folder, node):
    flags = ("-u", "9", "-r", "40", "-t", "3s", "--html", "h.html", "--junit", "j.xml")
    done, result = locust(folder, node, *flags, "--markdown", "m.md", "--csv", "csv")
    assert done.returncode == 0, done.stdout + done.stderr
    assert asked(result) == {("handle_udp", "resolve"), ("others", "GET /docs")}
    arrivals = result["arrivals"]
    assert arrivals["asked"] == arrivals["planned"] == arrivals["sent"] == 300
    assert result["profile"]["load"]["users"] == 8
    assert 'All users spawned: {"Gearboxes": 8, "Portal": 1}' in done.stderr
    for name in ("h.html", "m.md", "j.xml"):
        text = (folder / name).read_text()
        assert "PASSED" in text
        assert "corrected" in text
    header, row = (folder / "csv_stats.csv").read_text().splitlines()[:2]
    of = dict(zip(header.split(","), row.split(","), strict=True))
    assert float(of["Average Content Size"]) > 100


def test_classes_of_the_command_line_run(folder, node):
    _done, result = locust(folder, node, "-t", "1s", "Gearboxes")
    assert asked(result) == {("handle_udp", "resolve")}
    file = str(ROOT / "loadtests/locustfile.py")
    flags = ("-t", "1s", "SnmsUser", "JsonUser")
    _done, result = locust(folder, node, *flags, file=file, LOCUST_LOAD_PROFILE="smoke")
    assert {face for face, _ in asked(result)} == {"snms", "json"}
    assert set(result["profile"]["users"]) == {"snms", "json"}
    assert result["arrivals"]["sent"] == pytest.approx(250, abs=3)


def test_every_face_has_its_users_in_the_locustfile():
    command = [sys.executable, "-m", "locust", "-f", ROOT / "loadtests/locustfile.py", "--list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert {f"{face.title().replace('_', '')}User" for face in Face} <= set(listed)


def test_every_option_has_a_variable_and_no_other_is_taken(folder, node):
    done, result = locust(folder, node, LOCUST_LOAD_PROFILE="slower.toml", LOCUST_FACES="json")
    assert done.returncode == 2
    assert "no class of users is left for json" in done.stderr
    done, result = locust(folder, node, LOCUST_LOAD_PROFILE="slower.toml")
    assert result["arrivals"]["asked"] == 40
    done, result = locust(folder, node, "--rate", "35", LOCUST_LOAD_PROFILE="slower.toml")
    assert result["arrivals"]["asked"] == result["arrivals"]["planned"] == 70
    done, _ = locust(folder, node, LOCUST_NODE_SECERT="x")
    assert done.returncode == 2
    assert "LOCUST_NODE_SECERT: no option has this variable, LOCUST_NODE_SECRET has" in done.stderr


def test_a_shape_of_ones_own_needs_a_closed_profile(folder, node):
    with (folder / "mine.py").open("a") as file:
        file.write(
            "from locust import LoadTestShape\nclass Two(LoadTestShape):\n"
            "    def tick(self): return (2, 2) if self.get_run_time() < 2 else None\n"
        )
    done, _ = locust(folder, node)
    assert done.returncode == 2
    assert "it needs a closed profile" in done.stderr
    closed = PROFILE.format(level=1).replace('"open"', '"closed"\npace_per_second = 5')
    (folder / "closed.toml").write_text(closed)
    done, result = locust(folder, node, LOCUST_LOAD_PROFILE="closed.toml")
    assert result["all"]["failed"] == 0
    assert ("handle_udp", "resolve") in asked(result)


def test_a_node_that_is_down_is_exit_code_2(folder, node):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    server = ["127.0.0.1", port]
    gone = {
        "pid": 1,
        "handle_tcp": server,
        "handle_udp": server,
        "http": f"http://127.0.0.1:{port}",
    }
    (folder / "gone.json").write_text(json.dumps(gone))
    done, result = locust(folder, folder / "gone.json")
    assert (done.returncode, result) == (2, None)
    assert "load test: the node does not answer; handle_udp: " in done.stderr


@contextmanager
def web_page(folder, node):
    """Run Locust with its web page while the block lasts, and give its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = str(found.getsockname()[1])
    http = json.loads(node.read_bytes())["http"]
    flags = ["--ready-file", node, "--host", http, "--web-host", "127.0.0.1", "--web-port", port]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "locust", "-f", ROOT / "loadtests/locustfile.py"),
                *("--load-profile", folder / "mine.toml", *flags),
            ],
            stderr=log,
            stdout=log,
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def opened(page, url):
    """Open a page that is about to be served."""
    for _ in range(600):
        try:
            urllib.request.urlopen(url).close()
        except OSError:
            page.wait_for_timeout(100)
        else:
            break
    page.goto(url)


def run_in(page, wanted):
    """Start a test from the form and return the rows of both tabs once it has ended."""
    page.get_by_role("button", name="Start").click()
    page.get_by_role("tab", name="Verdict").click()
    page.get_by_text(wanted, exact=False).wait_for(timeout=120_000)
    verdict = page.locator("table").inner_text()
    page.get_by_role("tab", name="Latencies").click()
    page.get_by_text("uncorrected").first.wait_for()
    return verdict, page.locator("table").inner_text()


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
def test_the_web_page_has_form_latencies_and_verdict(folder, node):
    playwright = pytest.importorskip("playwright.sync_api")
    with web_page(folder, node) as url, playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        opened(page, url)
        verdict, latencies = run_in(page, "PASSED")
        assert "all p99_ms" in verdict
        assert "handle_udp" in latencies
        assert "json" in latencies
        report = urllib.request.urlopen(url + "/stats/report").read().decode()
        assert '<section id="verdict"' in report
        assert "uncorrected" in report
        # Again, another profile and one face, chosen in the form.
        page.get_by_role("button", name="New").click()
        page.get_by_text("Custom parameters").last.click()
        page.locator("select[name=loadProfile]").last.select_option(str(folder / "mine.toml"))
        page.locator("select[name=faces]").last.select_option(["json"])
        page.get_by_role("button", name="Start").click()
        page.get_by_role("tab", name="Verdict").click()
        page.get_by_text("running for").wait_for(timeout=60_000)
        page.get_by_text("PASSED").wait_for(timeout=120_000)
        report = urllib.request.urlopen(url + "/stats/report").read().decode()
        assert "<td>json</td>" in report
        assert "<td>handle_udp</td>" not in report
        browser.close()
