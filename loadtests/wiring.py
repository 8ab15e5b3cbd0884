"""The load test of one process, between Locust's events: alone, as a master, or as a worker."""

import json
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import gevent
from locust.runners import MasterRunner, WorkerRunner

from idnode.loadtests import report
from idnode.loadtests.faults import FaultOn, faults_on
from idnode.loadtests.ledger import Ledger
from idnode.loadtests.load_test import LoadTest
from idnode.loadtests.options import Options
from idnode.loadtests.prepare import write_records
from idnode.loadtests.shapes import ProfileShape
from idnode.loadtests.users import LOAD_TESTS, USERS
from idnode.loadtests.verdict import Verdict, judge
from idnode.loadtests.vitals import Vitals, processor_seconds
from idnode.registry.handle.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from locust.env import Environment
    from locust.rpc import Message

COUNTS: Final = "idnode_load"
"""Key of the counts in a worker's reports."""
_FINISH: Final = "idnode_finish"
"""Message of the master to its workers: say what you have counted, all of it."""
_FINISHED: Final = "idnode_finished"
"""The answer to it."""
_MARGIN_SECONDS: Final = 5.0
"""How long more than the longest request the end is waited for."""
_POLL_SECONDS: Final = 0.02


class Wiring:
    """The load test of this process and what the events do with it."""

    def __init__(self, environment: "Environment", options: Options) -> None:
        self.environment = environment
        self.options = options
        self.verdict: Verdict | None = None
        self._faults: list[FaultOn] | None = None
        self.load = self._new_load(options)
        self._finished: set[str] = set()
        self._lost = 0
        self._register_messages()

    def _new_load(self, options: Options) -> LoadTest:
        runner = self.environment.runner
        index = runner.worker_index if isinstance(runner, WorkerRunner) else 0
        name = f"{os.uname().nodename}:{os.getpid()}"
        return LoadTest(options.profile, options.target, SystemClock(), process=name, number=index)

    @property
    def sends(self) -> bool:
        """Return whether users run in this process."""
        return not isinstance(self.environment.runner, MasterRunner)

    def arrange(self) -> None:
        """Set users and shape as the profile says."""
        profile = self.options.profile
        classes = [USERS[face] for face in profile.users]
        for face, user in zip(profile.users, classes, strict=True):
            user.weight = profile.users[face]
            user.fixed_count = profile.users_of(face) if profile.is_open else 0
        self.environment.user_classes[:] = classes
        self.environment.stop_timeout = profile.load.timeout_seconds
        shape = self.environment.shape_class
        assert isinstance(shape, ProfileShape)
        shape.load = self.load

    def start(self, *, worker: bool) -> None:
        """Begin: a worker with the options that its master has sent, others with what they wrote first."""
        if worker:
            parsed = self.environment.parsed_options
            assert parsed is not None
            self.options = Options.of(parsed, self.environment.host)
        self.load = self._new_load(self.options)
        self._finished.clear()
        self._lost = 0
        LOAD_TESTS[self.environment] = self.load
        if not worker:
            self.arrange()
            if self.options.profile.keys.space == "written":
                write_records(self.options.profile, self.options.target)
            self._freeze_later()
        if self.sends:
            gevent.spawn(self._watch_vitals)
        self.load.start()

    def _freeze_later(self) -> None:
        freeze, pid = self.options.freeze, self.options.target.pid
        if freeze is None or pid is None:
            return
        gevent.spawn_later(freeze.at, os.kill, pid, signal.SIGSTOP)
        gevent.spawn_later(freeze.at + freeze.seconds, os.kill, pid, signal.SIGCONT)

    def _thaw(self) -> None:
        """Let the node run on if the test was interrupted while it stood still."""
        if self.options.freeze is not None and self.options.target.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.options.target.pid, signal.SIGCONT)

    def _watch_vitals(self) -> None:
        load, clock = self.load, self.load.clock
        vitals = Vitals(
            now=clock.elapsed(),
            processor=processor_seconds(),
            busy_percent=load.profile.limits.cpu_percent,
        )
        due = clock.elapsed()
        while not load.over:
            gevent.sleep(max(due - clock.elapsed(), 0.0))
            due = vitals.tick(
                load.ledger.process(load.process),
                now=clock.elapsed(),
                processor=processor_seconds(),
            )

    def finish(self) -> None:
        """End: wait for what is under way, then count no more; a master waits for its workers."""
        runner = self.environment.runner
        if isinstance(runner, MasterRunner):
            asked = {client.id for client in runner.clients.all}
            runner.send_message(_FINISH, {})
            self._wait(lambda: asked <= self._finished)
            self._lost = len(asked - self._finished)
        elif not isinstance(runner, WorkerRunner):
            self._wait(lambda: not self.load.in_flight)
        self.load.finish()

    def _wait(self, fulfilled: "Callable[[], bool]") -> None:
        patience = self.load.profile.load.timeout_seconds + _MARGIN_SECONDS
        deadline = self.load.clock.elapsed() + patience
        while not fulfilled() and self.load.clock.elapsed() < deadline:
            gevent.sleep(_POLL_SECONDS)

    def _register_messages(self) -> None:
        runner = self.environment.runner
        if isinstance(runner, WorkerRunner):
            runner.register_message(_FINISH, self._hand_over, concurrent=True)
        elif isinstance(runner, MasterRunner):
            runner.register_message(_FINISHED, self._worker_finished)

    def _worker_finished(self, msg: "Message", **_: Any) -> None:
        self.take(msg.data)
        self._finished.add(msg.node_id)

    def _hand_over(self, **_: Any) -> None:
        """Send the master everything, once nothing is under way."""
        self._wait(lambda: not self.load.in_flight)
        runner = self.environment.runner
        assert isinstance(runner, WorkerRunner)
        runner.send_message(_FINISHED, {COUNTS: self.load.finish().as_data()})
        self.load.ledger.clear()

    def counts(self) -> Ledger:
        """Return what was counted so far, or in a worker since the last report."""
        return self.load.collect()

    def take(self, data: dict[str, Any]) -> None:
        """Add what a worker has sent."""
        if COUNTS in data:
            self.load.ledger.absorb(Ledger.from_data(data[COUNTS]))

    def conclude(self) -> None:
        """Judge, write the result, and set the exit code."""
        load = self.load
        ledger = load.finish()
        self.verdict = judge(load.profile, ledger, seconds=load.seconds, lost=self._lost)
        self._thaw()
        self._faults = faults_on(self.options.target.admin)
        self.environment.process_exit_code = int(self.verdict.exit_code)
        if self.options.result is not None:
            data = report.as_data(
                load.profile,
                ledger,
                self.verdict,
                seconds=load.seconds,
                faults_on=self._faults,
            )
            self.options.result.parent.mkdir(parents=True, exist_ok=True)
            self.options.result.write_text(
                json.dumps(data, ensure_ascii=False, indent=2), encoding="utf-8"
            )

    def notify(self) -> None:
        """Print the result."""
        if self.verdict is not None:
            load = self.load
            sys.stdout.write(
                report.as_text(
                    load.profile,
                    load.ledger,
                    self.verdict,
                    seconds=load.seconds,
                    faults_on=self._faults,
                )
            )
            sys.stdout.flush()
