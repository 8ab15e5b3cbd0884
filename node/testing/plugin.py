"""Fixtures of idnode for pytest: a node, an enterprise of one's own on it, its journal, its faults, its clock.

With pytest-xdist the workers of a run share one node, unless a test of the run uses a fixture that moves the whole
node (`idnode_clean`, `idnode_faults`, `idnode_clock`): then each worker has a node of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from idnode.node.testing.clock import Clock
    from idnode.node.testing.enterprise import Enterprise
    from idnode.node.testing.faults import Faults
    from idnode.node.testing.journal import Journal
    from idnode.node.testing.node import Node

MOVING: Final = frozenset(("idnode_clean", "idnode_faults", "idnode_clock"))
"""Fixtures that move the whole node, so that nobody else may be using it."""

_moved: Final = pytest.StashKey[bool]()
_journal: Final = pytest.StashKey["Journal"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that says who shares a node, and the files that a node begins with."""
    parser.addini(
        "idnode_fixtures",
        "fixture files (TOML, JSON, NDJSON) that the node of `idnode` begins with, also after a reset",
        type="paths",
        default=[],
    )
    parser.getgroup("idnode").addoption(
        "--idnode-node",
        choices=("auto", "shared", "worker"),
        default="auto",
        help="who shares a node under pytest-xdist: all workers of the run, none, or (auto) all unless a test "
        "uses a fixture that moves the whole node",
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note whether a test of the run moves the whole node; every worker collects the same tests."""
    session.config.stash[_moved] = any(
        MOVING.intersection(getattr(item, "fixturenames", ())) for item in session.items
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the journal of a test that failed."""
    report = yield
    journal = item.stash.get(_journal, None)
    if journal is not None and report.failed:
        try:
            told = journal.text()
        except Exception as error:  # noqa: BLE001  # a report is made whatever became of the node
            told = f"the node does not tell: {error}"
        report.sections.append(("idnode journal", told or "The node was asked nothing."))
    return report


@pytest.fixture(scope="session")
def idnode(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Node]:
    """Give a node on free ports that forgets everything at the end of the run."""
    from idnode.node.testing import running  # noqa: PLC0415  # the price of the first use, not of pytest's start

    base = tmp_path_factory.getbasetemp()
    fixtures = request.config.getini("idnode_fixtures")
    run = getattr(request.config, "workerinput", {}).get("testrunuid")
    if run is None or not _is_shared(request.config):
        opened = running.own_node(base / "idnode", fixtures)
    else:
        opened = running.shared_node(base.parent / f"idnode-{run}", fixtures)
    with opened as node:
        yield node


def _is_shared(config: pytest.Config) -> bool:
    chosen = config.getoption("--idnode-node")
    return chosen == "shared" or (chosen == "auto" and not config.stash.get(_moved, False))


@pytest.fixture(autouse=True)
def _idnode_journal_of_failures(request: pytest.FixtureRequest) -> None:
    """Begin the journal of a test that uses a node, so that the report of its failure can show it."""
    if "idnode" in request.fixturenames:
        request.getfixturevalue("idnode_journal")


@pytest.fixture
def idnode_journal(request: pytest.FixtureRequest, idnode: Node) -> Journal:
    """Give what the node was asked since the test began, with ``assert_called``."""
    from idnode.node.testing.journal import Journal  # noqa: PLC0415

    journal = Journal(idnode)
    request.node.stash[_journal] = journal
    return journal


@pytest.fixture
def idnode_prefix(idnode: Node, idnode_journal: Journal) -> Enterprise:
    """Give a fresh enterprise: prefix, identity, secret and SNMS account of this test alone."""
    from idnode.node.testing.enterprise import Enterprise  # noqa: PLC0415

    idnode_journal.enterprise = Enterprise.onboard(idnode)
    return idnode_journal.enterprise


@pytest.fixture
def idnode_faults(idnode: Node) -> Iterator[Faults]:
    """Give the node's faults: none at first, and none after the test."""
    from idnode.node.testing.faults import Faults  # noqa: PLC0415

    _insist_on_own(idnode, "idnode_faults")
    faults = Faults(idnode)
    faults.clear()
    yield faults
    faults.clear()


@pytest.fixture
def idnode_clock(idnode: Node) -> Iterator[Clock]:
    """Give the node's clock, put back after the test."""
    from idnode.node.testing.clock import Clock  # noqa: PLC0415

    _insist_on_own(idnode, "idnode_clock")
    clock = Clock(idnode)
    yield clock
    clock.reset()


@pytest.fixture
def idnode_clean(idnode: Node) -> Node:
    """Give the node as it was after its first start; whatever earlier tests wrote is gone."""
    _insist_on_own(idnode, "idnode_clean")
    idnode.manage("POST", "/api/v1/reset", {})
    return idnode


def _insist_on_own(node: Node, fixture: str) -> None:
    if node.shared:
        pytest.fail(
            f"{fixture} moves the whole node, and other workers use this one: leave out --idnode-node=shared",
            pytrace=False,
        )
