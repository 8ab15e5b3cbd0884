"""Requests that miss records are carried out again once these are here.

* A judgement that finds all of its records is called once, and nothing waits.
* What is missed is fetched, at once for all items of a judgement, until nothing is missed; then the result is there.
* What never comes to an end is given up with an error that faces can tell.
* What one task fetched is seen by the tasks that it starts, and not by the one that asked for the judgement.
* A changed prefix handle is missing again for whoever fetched it before; so is what a task has changed itself.
* A record that could not be fetched is an error where it is looked up.
"""

import asyncio

import pytest

from idnode.registry.errors import RegisterUnavailable
from idnode.registry.fetching import (
    CALLS_MAX,
    FetchedRecords,
    NotFetched,
    carried_out_again,
    fetched,
    together,
)
from idnode.registry.register import Stored


class Elsewhere:
    """Records of another machine."""

    def __init__(self):
        self.there = {key: Stored(key, b"", True) for key in (b"A/1", b"A/2", b"0.NA/A")}
        self.asked = []
        self.records = FetchedRecords(self.prefetch)
        self.lookup = self.records.lookup

    async def prefetch(self, handles):
        age = self.records.age
        self.asked.append(tuple(handles))
        await asyncio.sleep(0)
        self.records.keep({key.upper(): self.there.get(key.upper()) for key in handles}, age)


@pytest.fixture
def elsewhere():
    return Elsewhere()


async def test_what_misses_nothing_is_called_once_and_does_not_wait():
    calls = []
    work = fetched(lambda: calls.append(1) or "done")
    with pytest.raises(StopIteration) as ended:
        work.send(None)
    assert (ended.value.value, calls) == ("done", [1])


async def test_one_record_after_the_other_is_fetched(elsewhere):
    def judge():
        return elsewhere.lookup(b"a/1"), elsewhere.lookup(b"A/2"), elsewhere.lookup(b"A/none")

    first, second, none = await fetched(judge)
    assert (first.handle, second.handle, none) == (b"A/1", b"A/2", None)
    assert elsewhere.asked == [(b"a/1",), (b"A/2",), (b"A/none",)]


async def test_what_many_items_miss_is_asked_for_at_once(elsewhere):
    handles = [b"A/1", b"A/2", b"A/1"]
    found = await fetched(lambda: together(elsewhere.lookup, handles))
    assert [each.handle for each in found] == handles
    assert elsewhere.asked == [(b"A/1", b"A/2")]


async def test_a_request_is_carried_out_again(elsewhere):
    async def carry_out():
        await asyncio.sleep(0)
        return elsewhere.lookup(b"A/1").handle, elsewhere.lookup(b"A/2").handle

    with pytest.raises(NotFetched) as missing:
        await carry_out()
    assert await carried_out_again(missing.value, carry_out) == (b"A/1", b"A/2")


async def test_what_never_ends_is_given_up(elsewhere):
    numbers = iter(range(1000))

    def judge():
        return elsewhere.lookup(b"A/%d" % next(numbers))

    with pytest.raises(RegisterUnavailable):
        await fetched(judge)
    assert len(elsewhere.asked) == CALLS_MAX


async def test_nothing_stays_fetched_for_the_next_request(elsewhere):
    await fetched(lambda: elsewhere.lookup(b"A/1"))
    with pytest.raises(NotFetched):
        elsewhere.lookup(b"A/1")


async def test_tasks_see_what_the_task_that_started_them_fetched(elsewhere):
    async def look_up():
        return elsewhere.lookup(b"A/1").handle

    async def carry_out():
        elsewhere.lookup(b"A/1")
        return await asyncio.create_task(look_up())

    missing = NotFetched([b"A/1"], elsewhere.prefetch)
    assert await carried_out_again(missing, carry_out) == b"A/1"


async def test_a_changed_prefix_handle_is_fetched_again(elsewhere):
    told = []
    fresh = Stored(b"0.NA/A", b"fresh", True)

    def watcher(key):
        told.append((key, elsewhere.lookup(key)))

    async def carry_out():
        assert elsewhere.lookup(b"0.na/a").values == b""
        assert elsewhere.lookup(b"A/1").values == b""
        elsewhere.records.changed(b"0.NA/A", fresh, [watcher])
        elsewhere.lookup(b"A/1")
        with pytest.raises(NotFetched):
            elsewhere.lookup(b"0.NA/A")

    await carried_out_again(NotFetched([b"0.NA/A", b"A/1"], elsewhere.prefetch), carry_out)
    assert told == [(b"0.NA/A", fresh)]


async def test_what_a_task_changed_is_fetched_again(elsewhere):
    async def carry_out():
        elsewhere.lookup(b"A/1")
        elsewhere.records.forget([b"a/1"])
        with pytest.raises(NotFetched):
            elsewhere.lookup(b"A/1")

    await carried_out_again(NotFetched([b"A/1"], elsewhere.prefetch), carry_out)


async def test_a_record_that_cannot_be_had_is_an_error_where_it_is_looked_up(elsewhere):
    elsewhere.there[b"A/1"] = RegisterUnavailable("no answer")
    with pytest.raises(RegisterUnavailable, match="no answer"):
        await fetched(lambda: elsewhere.lookup(b"A/1"))
