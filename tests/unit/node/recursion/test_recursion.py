"""Promises of a recursive node's cache, against scripted nodes.

* What was found is remembered as long as its shortest TTL, and then asked for again; TTL 0 serves who waited for it.
* What is not found is remembered, too, for a time of its own; so is a failure, for a short one.
* Equal questions wait for one walk; the next question below the same prefix skips the nodes that only refer.
* What is asked for often is asked for again before its time is over.
* When nobody answers, what is over its time is served with a TTL of 30 s, and said to be stale.
* The cache is bounded in number and in bytes.
"""

import asyncio

import pytest

from idnode.clients.answer import Answer, Question
from idnode.clients.errors import TimedOut
from idnode.clients.tracing.place import Place
from idnode.clients.tracing.trace import End, Hop
from idnode.node.recursion.cache import Cache, Entry
from idnode.node.recursion.recursion import Recursion, RecursionLimits
from idnode.node.service.errors import NobodyAnswers
from idnode.registry.errors import HandleNotFound
from idnode.registry.fetching import fetched
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.types.hs_site import Interface, Server, Site, encode_site, pack_address
from idnode.registry.handle.values import unpack

HANDLE = b"88.901.5/cup"
ROOT = Place("127.0.0.1", 1, 1, node="top", role="national")
OWN = Hop("127.0.0.1:3641", "", "rec", "recursive")


def site(port):
    server = Server(1, pack_address("127.0.0.1"), interfaces=(Interface(3, 1, port),))
    return HandleValue(1, "HS_SITE", encode_site(Site(1, (server,))), ttl=300)


class Nodes:
    """A top that refers everything to one node below; both count their questions."""

    def __init__(self):
        self.asked = []
        self.values = (HandleValue(1, "URL", b"https://example.org", ttl=100),)
        self.code = 1
        self.gone = False
        self.gate = None

    def may_ask(self, place):
        return True

    async def described(self, place):
        return place

    async def close(self):
        pass

    async def ask(self, step):
        self.asked.append(step.place.port)
        assert step.question.recursion_count == 1
        if self.gate is not None:
            await self.gate.wait()
        if step.place.port == 1:
            return Answer(step.question.handle, (site(2),), 302)
        if self.gone:
            raise TimedOut("silence")
        return Answer(step.question.handle, self.values if self.code == 1 else (), self.code)


@pytest.fixture
def nodes():
    return Nodes()


@pytest.fixture
def recursion(nodes, clock):
    return Recursion(ROOT, nodes, clock, OWN)


async def found(recursion, handle=HANDLE):
    packed = await fetched(lambda: recursion.lookup(handle))
    return [(value.data, value.ttl) for value in unpack(packed)]


async def turns():
    """Let everything go on that waits for nothing but its turn."""
    for _ in range(50):
        await asyncio.sleep(0)


URL = [(b"https://example.org", 100)]


async def test_what_was_found_is_remembered_as_long_as_its_ttl(recursion, nodes, clock):
    assert await found(recursion) == URL
    assert await found(recursion, HANDLE.upper()) == URL
    assert nodes.asked == [1, 2]
    assert recursion.freshness(HANDLE) == ("hit", 0)
    clock.at += 100
    assert await found(recursion) == URL
    assert nodes.asked == [1, 2, 2]
    assert recursion.counters.answers == {"hit": 1, "miss": 2, "stale": 0, "failed": 0}


async def test_a_ttl_of_nothing_serves_who_waited(recursion, nodes):
    nodes.values = (HandleValue(1, "URL", b"x", ttl=0),)
    assert await found(recursion) == [(b"x", 0)]
    assert await found(recursion) == [(b"x", 0)]
    assert nodes.asked == [1, 2, 2]


@pytest.mark.parametrize("code", [100, 301])
async def test_what_is_not_found_is_remembered_too(recursion, nodes, clock, code):
    nodes.code = code
    for _ in range(2):
        with pytest.raises(HandleNotFound):
            await found(recursion)
    assert len(nodes.asked) == 2
    clock.at += 61
    nodes.code = 1
    assert await found(recursion) == URL


async def test_a_failure_is_remembered_for_a_moment(recursion, nodes, clock):
    nodes.gone = True
    for _ in range(2):
        with pytest.raises(NobodyAnswers, match="dead end"):
            await found(recursion)
    assert nodes.asked == [1, 2]
    clock.at += 6
    nodes.gone = False
    assert await found(recursion) == URL


async def test_equal_questions_wait_for_one_walk(recursion, nodes):
    nodes.gate = asyncio.Event()
    asking = [asyncio.ensure_future(found(recursion)) for _ in range(5)]
    await turns()
    assert recursion.counters.coalesced == 4
    nodes.gate.set()
    assert await asyncio.gather(*asking) == [URL] * 5
    assert nodes.asked == [1, 2]


async def test_who_answers_for_a_prefix_is_remembered(recursion, nodes, clock):
    await found(recursion)
    await found(recursion, b"88.901.5/other")
    await found(recursion, b"88.901.6/third")
    assert nodes.asked == [1, 2, 2, 1, 2]
    clock.at += 300
    await found(recursion, b"88.901.5/fourth")
    assert nodes.asked[5:] == [1, 2]


async def test_what_is_hot_is_asked_for_before_its_time_is_over(recursion, nodes, clock):
    await found(recursion)
    clock.at += 95
    for _ in range(3):
        await found(recursion)
    await turns()
    assert nodes.asked == [1, 2, 2]
    assert recursion.counters.prefetches == 1
    clock.at += 10
    assert await found(recursion) == URL
    assert len(nodes.asked) == 3


async def test_stale_answers_are_served_and_said_to_be_stale(recursion, nodes, clock):
    await found(recursion)
    nodes.gone = True
    clock.at += 200
    assert await found(recursion) == [(b"https://example.org", 30)]
    assert recursion.freshness(HANDLE) == ("stale", 200)
    asked = len(nodes.asked)
    await found(recursion)
    assert len(nodes.asked) == asked  # nobody is asked again for 30 s
    trace = await recursion.trace(Question(HANDLE))
    assert (trace.end, trace.hops[0].cache) == (End.ANSWERED, "stale")
    clock.at += 31
    nodes.gone = False
    assert await found(recursion) == URL
    assert recursion.counters.answers["stale"] == 3 - 1


async def test_nothing_is_served_for_ever(nodes, clock):
    recursion = Recursion(ROOT, nodes, clock, OWN, RecursionLimits(stale_seconds=1000))
    await found(recursion)
    nodes.gone = True
    clock.at += 2000
    with pytest.raises(NobodyAnswers):
        await found(recursion)


async def test_a_trace_shows_the_walk_and_then_the_cache(recursion):
    first, second = [await recursion.trace(Question(HANDLE)) for _ in range(2)]
    assert [(hop.cache, hop.depth) for hop in first.hops] == [("miss", 0), ("", 1), ("", 1)]
    assert [(hop.cache, hop.response_code) for hop in second.hops] == [("hit", 1)]


def entry(packed):
    return Entry(packed, None, "", 0.0, 10.0, 20.0)


def test_the_cache_is_bounded():
    cache = Cache(3, 10_000)
    for number in range(5):
        cache.put(b"%d" % number, entry(b"x"))
    assert [cache.get(b"%d" % n, 5) is not None for n in range(5)] == [
        False,
        False,
        True,
        True,
        True,
    ]
    cache.put(b"large", entry(bytes(9_500)))
    assert (len(cache), cache.get(b"large", 5) is not None) == (1, True)
    assert cache.get(b"large", 20) is None
    assert (len(cache), cache.bytes) == (0, 0)
