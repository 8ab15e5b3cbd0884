"""A hundred tests in four workers on one node do not see each other, and the last worker out stops the node."""

import os
import select
import xml.etree.ElementTree as ET

import pytest

TESTS = 100
PATIENCE_SECONDS = 60

ON_ONE_NODE = f"""
    import pytest


    @pytest.mark.parametrize("number", range({TESTS}))
    def test_alone(idnode, idnode_prefix, idnode_journal, number, record_property, worker_id):
        record_property("node", idnode.pid)
        record_property("worker", worker_id)
        assert idnode_prefix.handles() == []
        handle = idnode_prefix.register("cup", (1, "DESC", f"cup {{number}}"))
        with idnode.client() as client:
            assert client.resolve(handle).values[0].data == b"cup %d" % number
        assert idnode_prefix.handles() == [handle]
        idnode_journal.assert_called(exactly=1, operation="create")
        assert {{entry["handle"] for entry in idnode_journal.entries()}} <= {{
            handle, idnode_prefix.prefix
        }}
"""


@pytest.fixture
def properties(run_tests, pytester):
    """Return a function that runs tests in workers and returns what they recorded, by name."""

    def run(workers, tests, source):
        report = pytester.path / "report.xml"
        result = run_tests("-n", str(workers), f"--junitxml={report}", test_it=source)
        result.assert_outcomes(passed=tests)
        found = {}
        for each in ET.parse(report).getroot().iter("property"):
            found.setdefault(each.get("name"), set()).add(each.get("value"))
        return found

    return run


def _has_ended(pid):
    """Wait until a process ends; one that another process started cannot be waited for otherwise."""
    try:
        process = os.pidfd_open(int(pid))
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], PATIENCE_SECONDS)[0])
    finally:
        os.close(process)


def test_a_hundred_tests_on_one_node(properties):
    found = properties(4, TESTS, ON_ONE_NODE)
    assert len(found["worker"]) == 4
    (pid,) = found["node"]
    assert _has_ended(pid)


OWN_NODES = """
    import pytest


    @pytest.mark.parametrize("number", range(2))
    def test_alone(idnode, idnode_clock, number, record_property):
        idnode_clock.freeze()
        record_property("node", idnode.pid)
"""


def test_workers_that_move_the_clock_have_nodes_of_their_own(properties):
    pids = properties(2, 2, OWN_NODES)["node"]
    assert len(pids) == 2
    assert all(map(_has_ended, pids))
