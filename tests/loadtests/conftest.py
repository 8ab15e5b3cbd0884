"""Runs load tests as users do, each in processes of its own: Locust patches the process that imports it."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def pytest_collection_modifyitems(items):
    """Skip what needs Locust where it is not installed, unless nothing may be skipped."""
    if find_spec("locust") is None and not os.environ.get("REQUIRE_TOOLS"):
        for item in items:
            if item.path.is_relative_to(Path(__file__).parent):
                item.add_marker(pytest.mark.skip(reason="Locust is not installed"))


class Finished:
    """A load test that has ended."""

    def __init__(self, run, out):
        self.code = run.returncode
        self.text = run.stdout
        self.errors = run.stderr
        self._out = out

    @property
    def result(self):
        """The result as programs read it."""
        return json.loads((self._out / "result.json").read_text(encoding="utf-8"))

    @property
    def report(self):
        """Locust's own report."""
        return (self._out / "report.html").read_text(encoding="utf-8")

    def threshold(self, name):
        """Return what became of a threshold of everything."""
        (found,) = [
            each
            for each in self.result["thresholds"]
            if (each["of"], each["name"]) == ("all", name)
        ]
        return found


@pytest.fixture
def run_load(tmp_path):
    """Return a function that runs a load test by its command, or by another one."""

    def run(profile="smoke", *flags, command=(sys.executable, "-m", "idnode.loadtests.run")):
        done = subprocess.run(
            [*command, profile, "--out", tmp_path / "out", *flags],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return Finished(done, tmp_path / "out" / Path(profile).stem)

    return run


@pytest.fixture
def make_load(tmp_path):
    """Return a function that runs `make load`, with what is installed here."""

    def run(*flags):
        arguments = " ".join(map(str, ("--out", tmp_path / "out", *flags)))
        done = subprocess.run(
            [
                "make",
                "-o",
                ".venv/.load",
                "load",
                f"BIN={Path(sys.executable).parent}",
                f"ARGS={arguments}",
            ],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name != "MAKEFLAGS"},
            capture_output=True,
            text=True,
            check=False,
        )
        return Finished(done, tmp_path / "out" / "smoke")

    return run
