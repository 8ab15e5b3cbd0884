"""Names which of Locust's events calls what."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from locust.argument_parser import get_parser
from locust.runners import WorkerRunner

from idnode.clients.errors import ClientError
from idnode.loadtests import metrics, web_page
from idnode.loadtests.options import Common, add_options, unknown_variables
from idnode.loadtests.profile import ProfileInvalid
from idnode.loadtests.target import TargetUnknown
from idnode.loadtests.verdict import ExitCode
from idnode.loadtests.wiring import COUNTS, Wiring

if TYPE_CHECKING:
    from locust.env import Environment
    from locust.event import Events

UNUSABLE: Final = (ProfileInvalid, TargetUnknown, ClientError, ValueError, OSError)
"""Errors that mean: there is nothing to measure with."""


class Listeners:
    """Hears Locust's events; the load test of the process is wired up at the first one that has what it needs."""

    def __init__(self) -> None:
        self._wiring: Wiring | None = None

    def listen(self, events: "Events") -> None:
        """Hear the events from now on."""
        events.init_command_line_parser.add_listener(self.parser_made)
        events.init.add_listener(self.initialised)
        events.test_start.add_listener(self.test_started)
        events.spawning_complete.add_listener(self.users_spawned)
        events.request.add_listener(self.asked)
        events.test_stopping.add_listener(self.test_stopping)
        events.test_stop.add_listener(self.test_stopped)
        events.report_to_master.add_listener(self.worker_reports)
        events.worker_report.add_listener(self.worker_reported)
        events.quitting.add_listener(self.quitting)
        events.quit.add_listener(self.ended)

    @property
    def wiring(self) -> Wiring:
        """The load test of this process."""
        assert self._wiring is not None
        return self._wiring

    def parser_made(self, parser: Any) -> None:
        """Add what may be said on the command line."""
        add_options(parser)

    def initialised(self, environment: "Environment", **_: Any) -> None:
        """Read the options, so that what is wrong with them is said at once, and get ready."""
        parsed = environment.parsed_options
        assert parsed is not None
        with _leaving_on_failure():
            if wrong := unknown_variables(os.environ, get_parser()):
                raise ValueError("; ".join(wrong))
            if parsed.class_picker:
                raise ValueError("--class-picker: the form has faces to pick, and no classes")
            self._wiring = Wiring(environment, Common.taken_from(parsed))
            self._serve_metrics(self._wiring)
            if environment.web_ui is not None:
                web_page.extend(environment.web_ui, self._wiring.present)

    def _serve_metrics(self, wiring: Wiring) -> None:
        runner = wiring.environment.runner
        if not wiring.options.metrics_port or isinstance(runner, WorkerRunner):
            return
        assert runner is not None
        collector = metrics.Metrics(
            wiring.counts,
            users=lambda: runner.user_count,
            target=lambda: wiring.load.profile.shape.level_at(wiring.load.now),
        )
        metrics.serve(collector, wiring.options.metrics_port)

    def test_started(self, environment: "Environment", **_: Any) -> None:
        """Begin; what cannot ends the process, or the test if there is a page to begin another one from."""
        if environment.web_ui is None:
            with _leaving_on_failure():
                self.wiring.start()
            return
        try:
            self.wiring.start()
        except UNUSABLE as error:
            sys.stderr.write(f"load test: {error}\n")
            self.wiring.refuse(f"UNUSABLE: {error}")

    def users_spawned(self, **_: Any) -> None:
        """Let the time of an open load run: all its users are there."""
        if self._wiring is not None:
            self._wiring.begin()

    def asked(self, **said: Any) -> None:
        """Count what users of other classes ask."""
        if self._wiring is not None:
            self._wiring.asked(said)

    def test_stopping(self, **_: Any) -> None:
        """Count to the end."""
        self.wiring.finish()

    def test_stopped(self, **_: Any) -> None:
        """Judge; a worker leaves that to its master."""
        if not self.wiring.is_worker:
            self.wiring.conclude()

    def worker_reports(self, data: dict[str, Any], **_: Any) -> None:
        """Give this worker's new counts to its master."""
        if self._wiring is not None:
            ledger = self._wiring.counts()
            data[COUNTS] = ledger.as_data()
            ledger.clear()

    def worker_reported(self, data: dict[str, Any], **_: Any) -> None:
        """Add a worker's new counts."""
        self.wiring.take(data)

    def quitting(self, environment: "Environment", **_: Any) -> None:
        """Say the exit code: that of the verdict, and of a page that nobody used, or a worker, none."""
        if isinstance(environment.runner, WorkerRunner) or self._wiring is None:
            environment.process_exit_code = 0
        elif self._wiring.outcome is not None:
            environment.process_exit_code = int(self._wiring.outcome.verdict.exit_code)
        else:
            unused = environment.web_ui is not None
            environment.process_exit_code = 0 if unused else int(ExitCode.UNUSABLE)

    def ended(self, **_: Any) -> None:
        """Print the result last, below Locust's own tables."""
        if self._wiring is not None:
            self._wiring.notify()


@contextmanager
def _leaving_on_failure() -> Iterator[None]:
    """End the process with one line if there is nothing to measure with."""
    try:
        yield
    except UNUSABLE as error:
        sys.stderr.write(f"load test: {error}\n")
        sys.exit(int(ExitCode.UNUSABLE))
