"""Drives a client through cases: sets the stage, tells the client what to do, waits, and judges what came."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from idnode.node.conform.evidence import ERROR, OK, UNSUPPORTED, Evidence, Outcome, outcome_of
from idnode.node.conform.judging import Result, judged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from idnode.node.conform.case import Case
    from idnode.node.conform.stage import Stage
    from idnode.registry.handle.clock import Clock

TASK_VARIABLE = "IDNODE_CONFORM_TASK"
"""Environment variable with the line that also comes on the client's standard input."""

_SAID_BYTES_MAX = 4 << 20


class Client(Protocol):
    """Whoever does what a case asks for."""

    def __call__(self, task: Mapping[str, Any], seconds: float, /) -> tuple[Outcome, bool]:
        """Return what came of it, and whether the client ended in time."""
        ...


def drive(cases: Iterable[Case], client: Client, stage: Stage, clock: Clock) -> Iterator[Result]:
    """Yield the result of each case."""
    for case in cases:
        prepared = stage.prepare(case)
        began = clock.elapsed()
        outcome, in_time = client(prepared.task, case.seconds)
        seconds = clock.elapsed() - began
        requests, state = stage.collect(prepared)
        evidence = Evidence(
            requests,
            outcome,
            prepared.expected,
            state,
            in_time,
            prepared.handles,
            case.limit,
        )
        yield Result(case, judged(case, evidence), requests, outcome, prepared.task, seconds)


class ProgramClient:
    """A program that is started once for each case; ``{case}`` in its command is the case's id."""

    def __init__(self, command: str) -> None:
        self._words = shlex.split(command)

    def __call__(self, task: Mapping[str, Any], seconds: float) -> tuple[Outcome, bool]:
        """Run the program, and stop it and what it started when the time is over."""
        line = json.dumps(task, ensure_ascii=False)
        words = [word.replace("{case}", task["case"]) for word in self._words]
        process = subprocess.Popen(  # noqa: S603  # the command is the user's own
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {TASK_VARIABLE: line},
            process_group=0,
        )
        try:
            said, complaints = process.communicate(f"{line}\n".encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return Outcome(ERROR, message=f"stopped after {seconds:g} s"), False
        text = said[-_SAID_BYTES_MAX:].decode(errors="replace")
        outcome = outcome_of(text, process.returncode)
        if outcome.outcome == ERROR and not outcome.message:
            told = complaints.decode(errors="replace").strip().splitlines()[-1:]
            outcome = Outcome(ERROR, kind=outcome.kind, message="".join(told)[:500])
        return outcome, True


class PersonClient:
    """A person at the terminal, who reads what to do and says what came of it."""

    def __call__(self, task: Mapping[str, Any], seconds: float) -> tuple[Outcome, bool]:
        """Print the task as a line of JSON, and read one line: ok, error, skip, or an outcome as JSON."""
        del seconds
        sys.stdout.write(json.dumps(task, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        sys.stderr.write("ok / error / skip / JSON?\n")
        said = sys.stdin.readline().strip()
        words = {"ok": OK, "": OK, "error": ERROR, "skip": UNSUPPORTED}
        if said in words:
            return Outcome(words[said]), True
        return outcome_of(said, 1), True
