"""What is deployed, and the programs that read it: each must be there when REQUIRE_TOOLS is set, as in `.ci/run`."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # what makes the dashboards is not part of what is installed

METRIC = re.compile(r"\b(?:idnode|process|python)_[a-z0-9_]+|\b[a-z_]+:[a-z_]+:[a-z0-9_]+")


@pytest.fixture(scope="session")
def deploy():
    return ROOT / "deploy"


@pytest.fixture(scope="session")
def tool():
    """Return a function that finds a program, in the environment or on the machine, or ends the test."""

    def find(program, package):
        beside = Path(sys.executable).with_name(program)
        found = str(beside) if beside.exists() else shutil.which(program)
        if found is None:
            reason = f"{program} is not installed ({package})"
            if os.environ.get("REQUIRE_TOOLS"):
                pytest.fail(reason)
            pytest.skip(reason)
        return found

    return find


@pytest.fixture(scope="session")
def promtool(tool):
    """Return a function that runs promtool, and returns what it says when it finds nothing wrong."""
    program = tool("promtool", "Debian: prometheus")

    def run(*arguments, **options):
        done = subprocess.run(
            [program, *map(str, arguments)], capture_output=True, text=True, check=False, **options
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture(scope="session")
def rules(deploy):
    """Return every recording rule and alert."""
    return [
        rule
        for path in sorted((deploy / "prometheus/rules").glob("*.yml"))
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
    ]


@pytest.fixture(scope="session")
def names_in():
    """Return a function that finds the metrics that an expression reads."""

    def find(expression):
        bare = re.sub(r'"[^"]*"', '""', expression)
        found = set(METRIC.findall(bare))
        return {re.sub(r"(_seconds|_items)_(bucket|sum|count)$", r"\1", name) for name in found}

    return find


@pytest.fixture(scope="session")
def exposed():
    """Return the names of all metrics that a node exposes."""

    from prometheus_client.parser import text_string_to_metric_families

    from idnode.node.data_watch import show_data_directory
    from idnode.node.ops import persistent_counters
    from idnode.node.ops.metrics import Facts, Metrics
    from idnode.node.recursion.cache import Cache
    from idnode.node.recursion.counters import RecursionCounters
    from idnode.node.settings import Settings
    from idnode.node.tree.metrics import TreeMetrics
    from idnode.registry.register import RegisterStats

    metrics = Metrics(Facts("1", "python", 1, 1), {kind: {} for kind in persistent_counters.KINDS})
    metrics.face("http")
    metrics.read_register(
        lambda: RegisterStats(
            0,
            {
                "index_bytes": 0,
                "log_live_bytes": 0,
                "log_dead_bytes": 0,
                "queue_items": 0,
                "queue_limit_items": 9,
                "segments": 1,
            },
            {},
        )
    )
    metrics.read_further(lambda: RecursionCounters().collect(Cache(1, 1)))
    metrics.read_further(TreeMetrics(dict, list, list).collect)
    show_data_directory(Settings(data_dir=ROOT), metrics)
    families = text_string_to_metric_families(metrics.render("")[0].decode())
    return {
        f"{family.name}_total" if family.type == "counter" else family.name for family in families
    } | {"idnode_build_info"}
