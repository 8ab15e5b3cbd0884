"""The list of interceptors keeps these promises.

- The first interceptor sees requests first and answers last.
- A request that is answered early is seen no further in, and its answer only by those in front.
- What is added or removed does not change who sees the answer of a request that is under way.
- An interceptor that raises changes nothing; the others are asked all the same.
- Whoever watches the list is told at once, and of each change.
- Segments carry the same bytes as what they were cut from.
"""

import pytest

from idnode.node.interceptors.actions import Close, Send, Wait, segments
from idnode.node.interceptors.chain import Interceptor, Interceptors
from idnode.node.interceptors.exchange import HANDLE_TCP, Exchange, HttpAnswer


class Writing(Interceptor):
    """Writes down what it sees under its name."""

    def __init__(self, name, told, *, early=None, plain=False):
        self.name = name
        self.told = told
        self.early = early
        self.sees_plain_successes = plain

    def request(self, exchange):
        self.told.append(("request", self.name))
        return self.early

    def malformed(self, exchange, error):
        self.told.append(("malformed", self.name, str(error)))

    def reply(self, exchange, plan):
        self.told.append(("reply", self.name))
        return (*plan, Send(self.name.encode()))


class Failing(Interceptor):
    def request(self, exchange):
        raise RuntimeError("request")

    def malformed(self, exchange, error):
        raise RuntimeError("malformed")

    def reply(self, exchange, plan):
        raise RuntimeError("reply")


@pytest.fixture
def told():
    return []


@pytest.fixture
def chain():
    return Interceptors()


@pytest.fixture
def exchange():
    return Exchange(HANDLE_TCP, b"bytes", started=0.0)


def test_the_first_sees_requests_first_and_answers_last(chain, told, exchange):
    chain.add(Writing("inner", told))
    chain.add(Writing("outer", told), outermost=True)
    assert chain.request(exchange) is None
    assert chain.reply(exchange, (Send(b"answer"),)) == (
        Send(b"answer"),
        Send(b"inner"),
        Send(b"outer"),
    )
    assert told == [
        ("request", "outer"),
        ("request", "inner"),
        ("reply", "inner"),
        ("reply", "outer"),
    ]


def test_an_early_answer_is_seen_by_those_in_front_of_it(chain, told, exchange):
    early = Writing("early", told, early=(Close(),))
    chain.set([Writing("outer", told), early, Writing("inner", told)])
    plan = chain.request(exchange)
    assert plan == (Close(),)
    chain.reply(exchange, plan)
    assert told == [("request", "outer"), ("request", "early"), ("reply", "outer")]


def test_an_exchange_ends_with_those_it_began_with(chain, told, exchange):
    first, second = Writing("first", told), Writing("second", told)
    chain.add(first)
    chain.request(exchange)
    chain.replace(first, second)
    chain.malformed(exchange, ValueError("broken"))
    chain.reply(exchange, ())
    assert told == [("request", "first"), ("malformed", "first", "broken"), ("reply", "first")]
    assert str(exchange.error) == "broken"


def test_one_that_raises_changes_nothing(chain, told, exchange):
    chain.set([Failing(), Writing("other", told), Failing()])
    assert chain.request(exchange) is None
    chain.malformed(exchange, ValueError("broken"))
    assert chain.reply(exchange, (Send(b"answer"),)) == (Send(b"answer"), Send(b"other"))
    assert len(told) == 3


def test_whoever_watches_is_told(chain, told):
    seen = []
    chain.watch(lambda: seen.append((chain.active, chain.sees_plain_successes)))
    quiet, plain = Writing("quiet", told), Writing("plain", told, plain=True)
    chain.add(quiet)
    chain.add(plain)
    plain.sees_plain_successes = False
    chain.update()
    chain.remove(plain)
    chain.remove(quiet)
    assert seen == [
        (False, False),
        (True, False),
        (True, True),
        (True, False),
        (True, False),
        (False, False),
    ]


def test_the_chain_needs_as_much_of_what_is_not_found_as_the_one_that_needs_most(chain, told):
    few, more, every = (Writing(name, told) for name in ("few", "more", "every"))
    few.not_found_per_second, more.not_found_per_second = 5, 7
    seen = []
    chain.watch(lambda: seen.append(chain.not_found_per_second))
    for each in (few, more, every):
        chain.add(each)
    for each in (every, more, few):
        chain.remove(each)
    assert seen == [0, 5, 7, None, 7, 5, 0]


@pytest.mark.parametrize(
    "content", [b"0123456789", HttpAnswer(504, (("Content-Type", "text/plain"),), b"late")]
)
def test_segments_carry_the_same_bytes(content):
    plan = segments((Send(content), Close()), 3, pause_seconds=0.5)
    assert b"".join(step.wire for step in plan if isinstance(step, Send)) == Send(content).wire
    assert all(len(step.wire) <= 3 for step in plan if isinstance(step, Send))
    assert plan[1] == Wait(0.5)
    assert plan[-1] == Close()


def test_ids_are_unlike_each_other():
    made = {Exchange(HANDLE_TCP, b"", started=0.0).id for _ in range(100)}
    assert len(made) == 100
