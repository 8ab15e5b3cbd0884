"""The plugin costs nothing until a fixture is used, gives each test what is its own, and tells why a test failed.

The tests of users run in a pytest of their own, against a node of their own.
"""

import subprocess
import sys


def test_importing_the_plugin_loads_nothing_of_the_node():
    script = (
        "import sys, pytest; before = set(sys.modules); import idnode.node.testing.plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(found) == {
        "idnode",
        "idnode.node",
        "idnode.node.testing",
        "idnode.node.testing.plugin",
    }


def test_the_wheel_names_the_plugin():
    import tomllib
    from pathlib import Path

    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"idnode": "idnode.node.testing.plugin"}


FIXTURES = """
    from datetime import timedelta

    import pytest

    from idnode.node.testing.asking import NodeRefused, ask


    def test_client(idnode):
        with idnode.client() as client:
            assert client.resolve("88.900.1/hello").values


    def test_an_enterprise_of_its_own(idnode, idnode_prefix, idnode_journal):
        handle = idnode_prefix.register("cup", (1, "DESC", "a cup"))
        assert idnode_prefix.handles() == [handle]
        with idnode.client() as client:
            assert client.resolve(handle).values[0].data == b"a cup"
        idnode_journal.assert_called(exactly=1, operation="create", handle=handle)
        idnode_journal.assert_called(operation="resolve", handle=handle, within=5)
        idnode_journal.assert_order({"operation": "create"}, {"operation": "resolve"})
        idnode_journal.assert_never_called(operation="delete")
        (entry,) = idnode_journal.entries(operation="create")
        assert idnode_journal.entry(entry["number"])["request"]["method"] == "PUT"
        with pytest.raises(AssertionError, match="expected exactly 2"):
            idnode_journal.assert_called(exactly=2, operation="create")


    def test_snms_account(idnode_prefix):
        idnode_prefix.template("pump", "model")
        assert idnode_prefix.token()


    def test_a_second_enterprise(idnode_prefix, idnode_journal):
        assert idnode_prefix.handles() == []
        idnode_journal.assert_never_called(operation="create")


    def test_clean(idnode_prefix, request):
        handle = idnode_prefix.register("cup")
        node = request.getfixturevalue("idnode_clean")
        with pytest.raises(NodeRefused, match="doesn.t live here|400"):
            ask(node.http, "GET", f"/api/handles/{handle}")


    def test_clock(idnode_clock):
        idnode_clock.freeze()
        at = idnode_clock.now()
        idnode_clock.advance(hours=25)
        assert idnode_clock.now() - at == timedelta(hours=25)
        idnode_clock.advance(timedelta(seconds=-5))
        idnode_clock.set("2030-01-01T00:00:00Z")
        idnode_clock.speed(2)
        assert idnode_clock.now().year == 2030


    def test_clock_was_put_back(idnode):
        assert not idnode.manage("GET", "/api/v1/clock")["moved"]


    def test_faults(idnode_prefix, idnode_faults, idnode_journal):
        idnode_faults.on("http-503-retry-after", next=1)
        with pytest.raises(NodeRefused, match="503"):
            idnode_prefix.register("cup")
        idnode_prefix.register("cup")
        assert idnode_faults.struck("http-503-retry-after") == 1
        idnode_journal.assert_called(exactly=1, fault="http-503-retry-after")
        idnode_faults.off("http-503-retry-after")
        early = {"kind": "http_early", "status": 502}
        idnode_faults.replace({"name": "mine", "action": early}, seed=7)
        idnode_faults.add({"name": "more", "action": early, "on": False})
        assert {"mine", "more"} <= {rule["name"] for rule in idnode_faults.items()}


    def test_no_fault_is_left(idnode):
        assert not any(rule["on"] for rule in idnode.manage("GET", "/api/v1/faults")["items"])
"""


def test_fixtures(run_tests):
    run_tests(test_fixtures=FIXTURES).assert_outcomes(passed=9)


GIVEN = """
    from idnode.node.testing.asking import ask


    def test_given(idnode, idnode_clean):
        found = ask(idnode.http, "GET", "/api/handles/88.900.7/G-1")
        assert found["values"][0]["data"]["value"] == "a gear"
"""

GEAR = """
[[enterprises]]
name = "gears"
prefix = "88.900.7"
username = "gear"
password = "gear-secret"

[[identifiers]]
handle = "88.900.7/G-1"
values = [{ index = 1, type = "DESC", data = "a gear" }]
"""


def test_a_node_begins_with_the_files_of_the_ini_option(run_tests, pytester):
    pytester.makeini("[pytest]\nidnode_fixtures = gear.toml\n")
    pytester.makefile(".toml", gear=GEAR)
    run_tests(test_given=GIVEN).assert_outcomes(passed=1)


FAILING = """
    import pytest

    from idnode.node.testing.asking import NodeRefused, ask


    def test_refused(idnode, idnode_prefix):
        ask(idnode.http, "GET", "/api/handles/" + idnode_prefix.handle("nothing"))


    def test_not_asked(idnode_prefix):
        assert not idnode_prefix.prefix


    def test_without_a_node():
        assert not "asked"
"""


def test_a_failure_shows_what_the_node_was_asked(run_tests):
    result = run_tests(test_failing=FAILING)
    result.assert_outcomes(failed=3)
    output = result.stdout.str()
    first, second, third = output.split("___ test_")[1:]
    assert "idnode journal" in first
    assert "/nothing" in first
    assert "W-" in first  # the rule that says why
    assert "The node was asked nothing." in second
    assert "idnode journal" not in third


SHARED = """
    def test_clean(idnode_{fixture}):
        pass


    def test_prefix(idnode_prefix):
        pass
"""


def test_what_moves_the_whole_node_is_refused_on_a_shared_one(run_tests):
    result = run_tests("-n", "1", "--idnode-node", "shared", test_it=SHARED.format(fixture="clock"))
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["*idnode_clock moves the whole node*"])


def test_workers_get_nodes_of_their_own_when_a_test_moves_the_whole_node(run_tests):
    result = run_tests("-n", "1", test_it=SHARED.format(fixture="clock"))
    result.assert_outcomes(passed=2)
