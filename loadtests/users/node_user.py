"""Does what every user does, whatever it asks.

A user claims the intended time of its next request, sleeps until then, sends, and counts the answer once: in
the ledger, with both latencies, and as Locust's request event, with the corrected one.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar
from weakref import WeakKeyDictionary

from gevent import GreenletExit
from locust import User, task

from idnode.clients import web_blocking
from idnode.clients.errors import ClientError, HandleNotFound, error_for
from idnode.loadtests.arrivals import Arrivals, AtOnce
from idnode.loadtests.prepare import PROBE
from idnode.loadtests.profile import Face

if TYPE_CHECKING:
    from gevent.event import Event
    from locust.env import Environment

    from idnode.clients.answer import Answer
    from idnode.clients.web_requests import Call, HttpResponse
    from idnode.loadtests.arrivals import Plan
    from idnode.loadtests.load_test import LoadTest

Result = TypeVar("Result")

LOAD_TESTS: "WeakKeyDictionary[Environment, LoadTest]" = WeakKeyDictionary()
"""The load test that runs in an environment; set before users are."""

BEGUN: "WeakKeyDictionary[Environment, Event]" = WeakKeyDictionary()
"""Set once the users of an open load are all there, and its time runs."""

COUNTED: Final = {"idnode": True}
"""Context of the request events of users that have counted their request themselves."""

_FOREVER_SECONDS = 86_400.0
"""How long a user waits that has nothing more to send: until it is stopped."""

Asked = tuple[str, int, str | None]
"""What a request was: the operation's name, identifiers in the answer, and what failed, if anything."""


class NodeUser(User):
    """Sends one request after the other, at the times of its plan.

    A subclass says what is asked: `ask`, and for what is resolved, `ResolvingUser.next_handle`.
    """

    abstract = True
    face: ClassVar[Face]

    def __init__(self, environment: "Environment") -> None:
        super().__init__(environment)
        self.load = LOAD_TESTS[environment]
        self.chance = self.load.chance_for(self.face)
        self._plan: Plan = self.load.plan_for(self.face, self.chance)
        self._planned: float | None = None
        self._waits = False
        self.received_bytes = 0
        self.load.cold += 1

    def on_start(self) -> None:
        """Get ready, and wait for the others: the time begins when all are."""
        try:
            self.warm()
        except ClientError:
            # Whatever is wrong will be counted, with its kind, when the requests are due.
            pass
        finally:
            self.load.cold -= 1
        BEGUN[self.environment].wait()

    def warm(self) -> None:
        """Do what only the first request takes, such as connecting; it is no request of the test."""

    def on_stop(self) -> None:
        """Take part no longer."""
        if self in self.load.claims:
            self.load.claims.pop(self)[0].unclaim()

    def wait_time(self) -> float:
        """Claim the next request and return the seconds until its time."""
        now = self.load.now
        self._planned = self._plan.claim(now)
        if self._planned is None:
            return _FOREVER_SECONDS
        if isinstance(self._plan, Arrivals) and not self.load.over:
            self.load.claims[self] = self._plan, self._planned
        self._waits = self._planned > now
        return max(self._planned - now, 0.0)

    @task
    def send(self) -> None:
        """Send the request whose time has come, if one has."""
        planned, self._planned = self._planned, None
        load = self.load
        claimed = load.claims.pop(self, None)
        if planned is None or (claimed is None and isinstance(self._plan, Arrivals)):
            return
        sent = load.now
        if isinstance(self._plan, AtOnce):
            planned = sent
        if self._waits and not load.over:
            load.ledger.process(load.process).lag.record(max(sent - planned, 0.0))
        load.in_flight += 1
        name, count, failure = "unknown", 0, None
        self.received_bytes = 0
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
            response_length=self.received_bytes,
            response=None,
            context=COUNTED,
            exception=failure,
        )

    name: str = "resolve"
    """What the present request is called if it fails."""

    def ask(self) -> Asked:
        """Send one request and wait for its answer; `received_bytes` is for the answer's size."""
        raise NotImplementedError


class _CountingClient(web_blocking.Client):
    """Tells a user how many bytes of answers came."""

    user: "NodeUser"

    def do(self, call: "Call[Result]") -> Result:
        """Carry out a call, and count the bytes of its answer."""
        return super().do(counted(call, self.user))


def counted(call: "Call[Result]", user: "NodeUser") -> "Call[Result]":
    """Return the same call, which tells a user how many bytes its answer had."""

    def read(response: "HttpResponse") -> Result:
        user.received_bytes += len(response.body)
        return call.read(response)

    return replace(call, read=read)


class WebUser(NodeUser):
    """A user of an HTTP face, over a connection of its own that is kept alive, with the administrator's credential.

    A node of a tree is asked without: its administrators are others.
    """

    abstract = True

    def __init__(self, environment: "Environment") -> None:
        super().__init__(environment)
        self.client = _CountingClient(
            self.load.target.http,
            None if self.load.profile.node else self.load.target.credential,
            timeout_seconds=self.load.profile.load.timeout_seconds,
            clock=self.load.clock,
        )
        self.client.user = self

    def warm(self) -> None:
        """Connect."""
        self.client.do(PROBE)

    def on_stop(self) -> None:
        """Close the connection."""
        super().on_stop()
        self.client.close()


def wrong_with(answer: "Answer", *, exists: bool) -> str | None:
    """Return what is wrong with an answer's code."""
    if answer.succeeded:
        return None if exists else "FoundMissing"
    error = type(error_for(answer.response_code))
    return None if error is HandleNotFound and not exists else error.__name__
