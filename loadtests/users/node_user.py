"""Does what every user does, whatever it asks.

A user claims the intended time of its next request, sleeps until then, sends, and counts the answer once: in
the ledger, with both latencies, and as Locust's request event, with the corrected one.
"""

from typing import TYPE_CHECKING, ClassVar
from weakref import WeakKeyDictionary

from gevent import GreenletExit
from locust import User, task

from idnode.clients import web_blocking
from idnode.clients.errors import ClientError, HandleNotFound, error_for
from idnode.loadtests.arrivals import Arrivals, AtOnce
from idnode.loadtests.profile import Face

if TYPE_CHECKING:
    from locust.env import Environment

    from idnode.clients.answer import Answer
    from idnode.loadtests.arrivals import Plan
    from idnode.loadtests.load_test import LoadTest

LOAD_TESTS: "WeakKeyDictionary[Environment, LoadTest]" = WeakKeyDictionary()
"""The load test that runs in an environment; set before users are."""

_FOREVER_SECONDS = 86_400.0
"""How long a user waits that has nothing more to send: until it is stopped."""

Asked = tuple[str, int, str | None]
"""What a request was: the operation's name, identifiers in the answer, and what failed, if anything."""


class NodeUser(User):
    """Sends one request after the other, at the times of its plan."""

    abstract = True
    face: ClassVar[Face]

    def __init__(self, environment: "Environment") -> None:
        super().__init__(environment)
        self.load = LOAD_TESTS[environment]
        self.chance = self.load.chance_for(self.face)
        self._plan: Plan = self.load.plan_for(self.face, self.chance)
        self._planned: float | None = None
        self._waits = False

    def on_start(self) -> None:
        """Take part."""
        if isinstance(self._plan, Arrivals):
            self._plan.join(self.load.now)

    def on_stop(self) -> None:
        """Take part no longer."""
        if isinstance(self._plan, Arrivals):
            self._plan.leave()
            if self._planned is not None:
                self._plan.unclaim()

    def wait_time(self) -> float:
        """Claim the next request and return the seconds until its time."""
        now = self.load.now
        self._planned = self._plan.claim(now)
        if self._planned is None:
            return _FOREVER_SECONDS
        self._waits = self._planned > now
        return max(self._planned - now, 0.0)

    @task
    def send(self) -> None:
        """Send the request whose time has come, if one has."""
        planned, self._planned = self._planned, None
        if planned is None:
            return
        load = self.load
        sent = load.now
        if isinstance(self._plan, AtOnce):
            planned = sent
        if self._waits and not load.over:
            load.ledger.process(load.process).lag.record(max(sent - planned, 0.0))
        load.in_flight += 1
        name, count, failure = "unknown", 0, None
        try:
            name, count, failure = self.ask()
        except ClientError as error:
            name, failure = self.name, type(error).__name__
        except GreenletExit:
            name, failure = self.name, "Unfinished"
            raise
        finally:
            load.in_flight -= 1
            if not load.over:
                self._count(name, count, failure, planned=planned, sent=sent)

    def _count(
        self, name: str, count: int, failure: str | None, *, planned: float, sent: float
    ) -> None:
        done = self.load.now
        self.load.ledger.record(
            self.face,
            name,
            corrected=done - planned,
            uncorrected=done - sent,
            items=count,
            failure=failure,
        )
        self.environment.events.request.fire(
            request_type=self.face,
            name=name,
            start_time=self.load.clock.now() - (done - planned),
            response_time=(done - planned) * 1000,
            response_length=count,
            response=None,
            context={},
            exception=failure,
        )

    name: str = "resolve"
    """What the present request is called if it fails."""

    def ask(self) -> Asked:
        """Send one request and wait for its answer."""
        raise NotImplementedError


def web_client(load: "LoadTest") -> web_blocking.Client:
    """Return a client of the node's HTTP faces, with the administrator's credential."""
    return web_blocking.Client(
        load.target.http,
        load.target.credential,
        timeout_seconds=load.profile.load.timeout_seconds,
        clock=load.clock,
    )


def wrong_with(answer: "Answer", *, exists: bool) -> str | None:
    """Return what is wrong with an answer's code."""
    if answer.succeeded:
        return None if exists else "FoundMissing"
    error = type(error_for(answer.response_code))
    return None if error is HandleNotFound and not exists else error.__name__
