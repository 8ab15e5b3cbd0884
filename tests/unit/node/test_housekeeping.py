"""Housekeeping keeps these promises.

- At the end the counters are on the disk, and chores were done while it ran.
- A disk that refuses the counters is told about and stops nothing.
"""

import asyncio

import pytest

from idnode.node import housekeeping
from idnode.node.housekeeping import Housekeeping
from idnode.node.ops import persistent_counters
from idnode.node.ops.metrics import Facts, Metrics


@pytest.fixture
def metrics():
    made = Metrics(Facts("1", "python", 1, 1), {kind: {} for kind in persistent_counters.KINDS})
    made.face("http").registered(1, b"88.900.1", 3)
    return made


async def test_at_the_end_the_counters_are_on_the_disk(tmp_path, metrics):
    keeper = Housekeeping(tmp_path, metrics)
    keeper.start()
    await keeper.stop()
    assert persistent_counters.load(tmp_path)["registrations"]["http", "success"] == 3


async def test_chores_are_done_and_counters_saved_while_it_runs(tmp_path, metrics, monkeypatch):
    monkeypatch.setattr(housekeeping, "PERIOD_SECONDS", 0)
    keeper = Housekeeping(tmp_path, metrics)
    done = asyncio.Event()
    rounds = []

    def chore():
        rounds.append(persistent_counters.load(tmp_path)["registrations"])
        if len(rounds) > 1:
            done.set()

    keeper.add(chore)
    keeper.start()
    await done.wait()
    await keeper.stop()
    assert rounds[1]["http", "success"] == 3


async def test_a_disk_that_refuses_is_told_about(tmp_path, metrics, caplog):
    keeper = Housekeeping(tmp_path / "absent", metrics)
    await keeper.stop()
    assert "cannot be saved" in caplog.text
