"""A register whose process is killed at any moment keeps what it acknowledged, and nothing else.

Rounds of one long history: each round opens the register where the kill of the round before left it, writes a
mixed load and is killed; then the register is opened here and compared with a model.

* Each acknowledged mutation is there; nothing refused is there.
* What was not acknowledged is there as far as some first part of its submission, in order; all or nothing
  where that was asked.
* Outcomes are those of the model, whatever was killed, rotated and compacted before.
* What is on the disk passes the check, once the torn tail is cut.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from idnode.registry.embedded import image
from idnode.registry.embedded.core import CORES
from idnode.registry.embedded.options import SEGMENT_BYTES_MIN, RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.embedded.storage.check import check
from idnode.registry.handle.names import fold
from idnode.registry.handle.values import by_index, join

pytestmark = [pytest.mark.crash, pytest.mark.timeout(180)]

CHILD = Path(__file__).with_name("child.py")
HISTORIES = 4
ROUNDS = 10
ROOT = Path(__file__).parents[2]


def applied(state, change):
    """Return the outcome of one described mutation and the records after it (``state`` is not changed)."""
    kind, handle, values, overwrite, indexes = change
    handle, values = bytes.fromhex(handle), bytes.fromhex(values)
    key = fold(handle)
    if kind == "Create":
        if key in state and not overwrite:
            return "HandleExists", state
        return key in state, {**state, key: (handle, values)}
    if key not in state:
        return "HandleNotFound", state
    if kind == "Delete":
        return True, {other: record for other, record in state.items() if other != key}
    spelled, present = state[key][0], by_index(state[key][1])
    given = by_index(values) if values else {}
    clashes = given.keys() & present.keys()
    if kind == "AddValues" and clashes and not overwrite:
        return "IndexConflict", state
    if kind == "ModifyValues" and clashes != given.keys():
        return "ValuesNotFound", state
    if kind == "RemoveValues" and not present.keys() >= set(indexes):
        return "ValuesNotFound", state
    merged = {i: v for i, v in {**present, **given}.items() if i not in indexes}
    record = (spelled, join([merged[index] for index in sorted(merged)]))
    return bool(clashes) if kind == "AddValues" else True, {**state, key: record}


def carried_out(state, changes, *, whole):
    """Return the outcomes of a submission, and the states that it passes through, before and after all."""
    outcomes, states = [], [state]
    for change in changes:
        outcome, state = applied(state, change)
        outcomes.append(outcome)
        states.append(state)
    if not whole:
        return outcomes, states
    if any(isinstance(outcome, str) for outcome in outcomes):
        aborted = [o if isinstance(o, str) else "BatchAborted" for o in outcomes]
        return aborted, states[:1]
    return outcomes, [states[0], states[-1]]


def run_until_killed(folder, seed, seconds, core):
    """Return the whole lines that a child wrote before it was killed."""
    child = subprocess.Popen(
        [sys.executable, CHILD, folder, str(seed), core],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    lines = [child.stdout.readline()]
    killer = threading.Timer(seconds, child.send_signal, (signal.SIGKILL,))
    killer.start()
    lines += child.stdout.readlines()
    killer.join()
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL, "the child ended by itself"
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def agree(found, expected):
    """Return whether an outcome is the expected one; a batch does not tell what each item replaced."""
    return isinstance(expected, bool) if found == "applied" else found == expected


def judged(state, lines, where):
    """Return, per worker, the states that may be found: one if all was acknowledged, else several."""
    states = {worker: [of_worker(state, worker)] for worker in range(4)}
    tried = {}
    for event, worker, *rest in lines[1:]:
        if event == "try":
            _number, whole, changes = rest
            tried[worker] = carried_out(states[worker][0], changes, whole=whole)
            states[worker] = tried[worker][1]
        else:
            told = f"outcome of {worker}.{rest[0]} in {where}"
            assert len(rest[1]) == len(tried[worker][0]), told
            assert all(map(agree, rest[1], tried[worker][0])), told
            states[worker] = [states[worker][-1]]
    return states


def of_worker(state, worker):
    return {key: record for key, record in state.items() if key.startswith(b"88.900.%d/" % worker)}


async def contents(folder, core):
    """Return every record of the register in this folder, as lookups and as listings give them."""
    options = RegisterOptions(
        segment_bytes=SEGMENT_BYTES_MIN, compact_dead_share=2.0, core=CORES[core]
    )
    register = await EmbeddedRegister.open(folder, options)
    try:
        found = {}
        for prefix in register.prefixes():
            handles = (await register.page(prefix)).handles
            assert len(handles) == await register.count(prefix)
            for handle in handles:
                stored = register.lookup(handle)
                found[fold(handle)] = (stored.handle, stored.values)
        assert register.stats().identifiers == len(found)
        return found
    finally:
        await register.close()


@pytest.mark.parametrize("history", range(HISTORIES))
@pytest.mark.parametrize("core", sorted(CORES))
def test_a_killed_register_keeps_what_it_acknowledged(tmp_path, core, history, request):
    base = request.config.getoption("randomly_seed", 0)
    base = base if isinstance(base, int) else 0
    rng = random.Random(f"{base} {history}")
    folder = tmp_path / "register"
    state = {}
    for turn in range(ROUNDS):
        where = f"history {history}, round {turn}; again with --randomly-seed={base}"
        lines = run_until_killed(folder, rng.randrange(1 << 30), rng.uniform(0.05, 0.5), core)
        report = check(folder)
        assert not report.problems, where
        found = asyncio.run(contents(folder, core))
        for worker, allowed in judged(state, lines, where).items():
            assert of_worker(found, worker) in allowed, where
        assert check(folder).healthy, where
        if rng.random() < 0.5:
            image.remove(folder)  # so that the next process, too, reads the log
        state = found
