"""One node for all cases of a run, and the clients that are graded in this process."""

import pytest
from tests.conformance.conform.reference.handle import HandleTask
from tests.conformance.conform.reference.web import WebTask

from idnode.clients.request import Schedule
from idnode.node.conform.driving import drive
from idnode.node.conform.evidence import read_outcome
from idnode.node.conform.own_clients import attempts, handle
from idnode.node.conform.rule import Verdict
from idnode.node.conform.stage import Place, Stage
from idnode.node.testing.running import own_node
from idnode.registry.handle.clock import SystemClock


@pytest.fixture(scope="session")
def conform_node(tmp_path_factory):
    with own_node(tmp_path_factory.mktemp("conform")) as node:
        yield node


@pytest.fixture(scope="session")
def stage(conform_node):
    opened = Stage(conform_node.manage, Place(*conform_node.handle_tcp, conform_node.http))
    yield opened
    opened.close()


@pytest.fixture
def grade(stage):
    """Return a function that puts cases to a function that does tasks, and returns their results."""

    def graded(cases, do):
        return list(
            drive(cases, lambda task, _: (read_outcome(do(task)), True), stage, SystemClock())
        )

    return graded


@pytest.fixture
def swift(monkeypatch):
    """Have our own clients wait for nothing longer than they must on one machine."""
    monkeypatch.setattr(attempts, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(handle, "SCHEDULE", Schedule((0.0, 0.08, 0.2), 1.0, 2.0))


@pytest.fixture
def reference():
    """Return a function that makes a client: right, or wrong in one way."""

    def made(wrong=""):
        def do(task):
            binary = task["face"] in {"handle_udp", "handle_tcp"}
            return (HandleTask if binary else WebTask)(dict(task), wrong).do()

        return do

    return made


@pytest.fixture
def broken():
    """Return a function that tells the rules that results fail, each with the first case and its reason."""

    def of(results):
        found = {}
        for result in results:
            for rule, judgement in result.judgements.items():
                if judgement.verdict is Verdict.FAILED:
                    found.setdefault(rule, f"{result.case.id}: {judgement.en}")
        return found

    return of
