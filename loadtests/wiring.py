"""The load test of one process, between Locust's events: alone, as a master, or as a worker."""

import gc
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import gevent
from gevent.event import Event
from locust.runners import MasterRunner, WorkerRunner

from idnode.loadtests import options as options_of
from idnode.loadtests.cache import CacheAnswers, cache_answers
from idnode.loadtests.choosing import choose, declared, divide
from idnode.loadtests.faults import faults_on
from idnode.loadtests.ledger import Ledger
from idnode.loadtests.load_test import LoadTest
from idnode.loadtests.options import Common, Options
from idnode.loadtests.outcome import Outcome
from idnode.loadtests.prepare import reach, write_records
from idnode.loadtests.shapes import ProfileShape
from idnode.loadtests.users import BEGUN, COUNTED, LOAD_TESTS
from idnode.loadtests.verdict import judge
from idnode.loadtests.vitals import Vitals, processor_seconds
from idnode.registry.handle.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from locust.env import Environment
    from locust.rpc import Message

    from idnode.loadtests.choosing import Chosen
    from idnode.loadtests.profile import Face

COUNTS: Final = "idnode_load"
"""Key of the counts in a worker's reports."""
OTHERS: Final = "others"
"""In the place of a face, where users of other classes are counted."""
_CHANGES: Final = "idnode_changes"
"""The option, not of the command line, that tells workers how the profile was changed."""
_WORKER_BEGUN: Final = "idnode_begun"
"""Message of a worker to its master: the time runs."""
_FINISH: Final = "idnode_finish"
"""Message of the master to its workers: say what you have counted, all of it."""
_FINISHED: Final = "idnode_finished"
"""The answer to it."""
_MARGIN_SECONDS: Final = 5.0
"""How long more than the longest request the end is waited for."""
_POLL_SECONDS: Final = 0.02


class Wiring:
    """The load test of this process and what the events do with it."""

    def __init__(self, environment: "Environment", common: Common) -> None:
        self.environment = environment
        self.outcome: Outcome | None = None
        self._cache_before: CacheAnswers | None = None
        self._common = common
        self._available = list(environment.user_classes)
        self._declared = declared(self._available)
        self._chosen: Chosen
        self._finished: set[str] = set()
        self._lost = self._begun = 0
        self._refusal = ""
        self._has_started = self._beginning = False
        self._workers_begun = 0
        self.renew()
        self._register_messages()
        if environment.shape_class is None:
            environment.shape_class = ProfileShape()
        self._shape_up()

    @property
    def sends(self) -> bool:
        """Return whether users run in this process."""
        return not isinstance(self.environment.runner, MasterRunner)

    @property
    def is_worker(self) -> bool:
        """Return whether a master tells this process what to do."""
        return isinstance(self.environment.runner, WorkerRunner)

    def renew(self) -> None:
        """Read the options, as they are now, and make the load test anew; a worker has its master's.

        Raises:
            ProfileInvalid: The profile cannot be used.
            TargetUnknown: The node's addresses cannot be read.
            ValueError: Another option cannot, or all together do not fit.

        """
        parsed = self.environment.parsed_options
        assert parsed is not None
        self.options = Options.of(parsed, self.environment.host)
        profile = self.options.profile
        if not self.is_worker:
            self._chosen = choose(
                self._available,
                profile,
                named=bool(parsed.user_classes),
                faces=self.options.faces,
            )
            others = sum(self._declared[user].count for user in self._chosen.others)
            said = options_of.changes(self._common, self._chosen.faces, others)
            setattr(parsed, _CHANGES, said)
        changes: dict[str, Any] | None = getattr(parsed, _CHANGES, None)
        self.profile = options_of.changed(profile, changes) if changes else profile
        self.load = self._new_load()
        if not self.is_worker:
            self._arrange()

    def _new_load(self) -> LoadTest:
        runner = self.environment.runner
        index = runner.worker_index if isinstance(runner, WorkerRunner) else 0
        name = f"{os.uname().nodename}:{os.getpid()}"
        return LoadTest(
            self.profile,
            self.options.target,
            SystemClock(),
            process=name,
            number=index,
            share_of=self._share_of,
        )

    def _share_of(self, face: "Face") -> float:
        """Return the part of a face's arrivals that this process has: that of the users it was given."""
        runner = self.environment.runner
        if not isinstance(runner, WorkerRunner):
            return 1.0
        changes = getattr(self.environment.parsed_options, _CHANGES)
        mine = sum(runner.target_user_classes_count.get(name, 0) for name in changes["of"][face])
        return float(mine / changes["users_of"][face])

    def _arrange(self) -> None:
        """Set users and shape as the profile says."""
        divide(self._chosen, self.profile, self._declared)
        changes = getattr(self.environment.parsed_options, _CHANGES)
        changes["of"], changes["users_of"] = {}, {}
        for face in self._chosen.faces:
            users = [user for user in self._chosen.nodes if user.face is face]
            changes["of"][str(face)] = [user.__name__ for user in users]
            changes["users_of"][str(face)] = sum(user.fixed_count for user in users)
        self.environment.user_classes[:] = self._chosen.classes
        self.environment.stop_timeout = self.profile.load.timeout_seconds
        self._shape_up()

    def _shape_up(self) -> None:
        shape = self.environment.shape_class
        if isinstance(shape, ProfileShape):
            shape.load, shape.renew = self.load, self.renew
            shape.runner = self.environment.runner
            shape.users, shape.spawn_rate = self._chosen_count(), self._common.spawn_rate
        elif shape is not None and self.profile.is_open and not self.is_worker:
            raise ValueError(
                "a shape of your own says how many users there are: it needs a closed profile"
            )

    def _chosen_count(self) -> int:
        return 0 if self.is_worker else self._chosen.count

    def start(self) -> None:
        """Begin: time runs when the first users are all there, or at once if a closed load climbs slowly.

        Raises:
            ClientError: The node does not answer, or refuses what has to be there first.

        """
        if self.is_worker or not isinstance(self.environment.shape_class, ProfileShape):
            self.renew()
        self.outcome, self._refusal, self._has_started = None, "", False
        self._beginning, self._workers_begun = False, 0
        self._finished.clear()
        self._lost = 0
        runner = self.environment.runner
        self._begun = len(runner.clients.all) if isinstance(runner, MasterRunner) else 0
        LOAD_TESTS[self.environment] = self.load
        BEGUN[self.environment] = Event()
        if not self.is_worker:
            reach(self.profile, self.options.target)
            if self.profile.keys.space == "written":
                write_records(self.profile, self.options.target)
            self._cache_before = self._cache()
        if self.sends:
            self.load.prepare()
        self._has_started = True
        parsed = self.environment.parsed_options
        if not self.profile.is_open and getattr(parsed, _CHANGES)["climbs"]:
            self.begin()

    def begin(self) -> None:
        """Let the time run, if it does not yet: in every process, once its users are ready, and last in the master."""
        begun = BEGUN.get(self.environment)
        if begun is not None and not begun.is_set() and self._has_started and not self._beginning:
            self._beginning = True
            gevent.spawn(self._begin, self.load, begun)

    def _begin(self, load: LoadTest, begun: Event) -> None:
        runner = self.environment.runner
        if isinstance(runner, MasterRunner):
            self._wait(lambda: self._workers_begun >= len(runner.clients.all))
        else:
            self._wait(lambda: not load.cold)
        # What is there now stays: a look through all of it in the middle of the test would stop all users for 90 ms.
        gc.collect()
        gc.freeze()
        load.begin()
        begun.set()
        if self.sends:
            gevent.spawn(self._watch_vitals, load)
        if isinstance(runner, WorkerRunner):
            runner.send_message(_WORKER_BEGUN, {})
        else:
            self._freeze_later()

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

    @staticmethod
    def _watch_vitals(load: LoadTest) -> None:
        clock = load.clock
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

    def asked(self, said: dict[str, Any]) -> None:
        """Count a request of a user of another class: it has no intended time, so both latencies are one."""
        load = self.load
        if said["context"] is COUNTED or load.over or load.now <= 0:
            return
        seconds = said["response_time"] / 1000
        error = said["exception"]
        load.ledger.record(
            OTHERS,
            f"{said['request_type']} {said['name']}",
            corrected=seconds,
            uncorrected=seconds,
            items=0,
            failure=type(error).__name__ if error else None,
        )

    def finish(self) -> None:
        """End: wait for what is under way, then count no more; a master waits for its workers."""
        runner = self.environment.runner
        if isinstance(runner, MasterRunner):
            asked = {client.id for client in runner.clients.all}
            runner.send_message(_FINISH, {})
            self._wait(lambda: asked <= self._finished)
            # Who went away in between is asked no more, and has still taken counts along.
            self._lost = max(len(asked - self._finished), self._begun - len(self._finished))
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
            runner.register_message(_WORKER_BEGUN, self._worker_begun)

    def _worker_begun(self, **_: Any) -> None:
        self._workers_begun += 1

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

    def present(self) -> Outcome:
        """Return what is known now: how it ended, or how it stands."""
        if self.outcome is not None:
            return self.outcome
        load, ledger = self.load, self.counts()
        seconds = max(min(load.now, load.duration), 1e-9)
        verdict = judge(load.profile, ledger, seconds=seconds)
        note = self._refusal or f"running for {seconds:.0f} s"
        return Outcome(load.profile, ledger, verdict, seconds, (), note=note)

    def refuse(self, reason: str) -> None:
        """End a test that could not begin; the web page shows why, and can begin another one."""
        self._refusal = reason
        assert self.environment.runner is not None
        gevent.spawn(self.environment.runner.stop)

    def conclude(self) -> None:
        """Judge, and write what was asked for, if the test has begun."""
        load = self.load
        if not self._has_started:
            return
        ledger = load.finish()
        self._thaw()
        verdict = judge(load.profile, ledger, seconds=load.seconds, lost=self._lost)
        faults = faults_on(self.options.target.admin)
        cache = self._cache()
        if cache is not None and self._cache_before is not None:
            cache = cache.since(self._cache_before)
        self.outcome = Outcome(load.profile, ledger, verdict, load.seconds, faults, cache)
        self.outcome.write(self.options.result, self.options.junit, self.options.markdown)

    def _cache(self) -> CacheAnswers | None:
        if not self.profile.node:
            return None
        return cache_answers(self.options.target.admin)

    def notify(self) -> None:
        """Print the result, and put it at the head of Locust's report, which was written before."""
        if self.outcome is None or self.is_worker:
            return
        parsed = self.environment.parsed_options
        if parsed is not None and parsed.html_file:
            self.outcome.head(parsed.html_file)
        sys.stdout.write(self.outcome.as_text())
        sys.stdout.flush()
