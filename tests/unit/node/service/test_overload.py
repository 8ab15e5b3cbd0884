"""The rule by which a node refuses requests keeps these promises.

- A burst is answered: waiting that some request escapes within an interval is no trouble.
- Waiting that stands for an interval has those refused that waited too long, and no others, until it has gone for one.
- With target 0 nothing is ever refused.
- Of those to be refused some are answered in each turn: fewer after a turn longer than the target, more after a shorter one.
- What is read behind other things in one turn of the event loop waited for them; while turns follow each other, half of
  the one before counts, too; an idle loop keeps nobody waiting.
"""

import asyncio

from idnode.node.service.overload import Overload, Patience, Turns
from idnode.registry.handle.clock import SystemClock

PATIENCE = Patience(target=0.1, interval=0.5)


def test_a_burst_is_answered():
    rule = Overload(PATIENCE)
    for step in range(100):
        now = step / 10
        assert not rule.refuses(5.0, now)
        assert not rule.refuses(0.01, now + 0.05)


def test_what_stands_for_an_interval_is_refused_until_it_has_gone_for_one():
    rule = Overload(PATIENCE)
    assert [rule.refuses(0.2, now) for now in (1.0, 1.3, 1.49)] == [False] * 3
    assert rule.refuses(0.2, 1.5)
    assert not rule.refuses(0.05, 1.6)
    assert rule.refuses(0.2, 1.7), "the queue comes back at once: it was never gone"
    assert not rule.refuses(0.05, 2.1)
    assert rule.shedding
    assert not rule.refuses(0.05, 2.3)
    assert not rule.shedding
    assert not rule.refuses(0.2, 2.4)


def test_with_target_0_nothing_is_refused():
    rule = Overload(Patience(target=0))
    assert not any(rule.refuses(60.0, float(now)) for now in range(100))


class Hands(SystemClock):
    """Shows what it is told to."""

    now_is = 10.0

    def elapsed(self):
        return self.now_is


async def _turn():
    """Let the event loop go through one turn."""
    await asyncio.sleep(0)


async def test_what_is_read_behind_other_things_waited_for_them():
    clock = Hands()
    turns = Turns(clock)
    assert turns.waited(10.0) == 0
    assert turns.waited(10.25) == 0.25
    clock.now_is = 10.3
    await _turn()
    assert turns.waited(10.5) == 0.25, "half of a turn of half a second"
    assert turns.waited(10.75) == 0.5


async def test_an_idle_loop_keeps_nobody_waiting():
    clock = Hands()
    turns = Turns(clock)
    turns.waited(10.0)
    clock.now_is = 10.3
    for _ in range(3):
        await _turn()
    assert turns.waited(11.0) == 0
    clock.now_is = 11.0001
    await _turn()
    assert turns.waited(11.0002) == 0, "a turn as short as that is none"


async def _spared(turns, clock, took):
    """Return how many are spared in the turn behind one that took so long."""
    turns.waited(clock.now_is)
    clock.now_is += took
    await _turn()
    turns.waited(clock.now_is)
    return [turns.spares() for _ in range(1000)].count(True)


async def test_some_are_spared_as_long_as_turns_are_short():
    clock = Hands()
    turns = Turns(clock, target=0.1)
    fewest = await _spared(turns, clock, 5.0)
    assert fewest > 0
    growing = [await _spared(turns, clock, 0.05) for _ in range(10)]
    assert growing == sorted(growing)
    assert growing[-1] > 2 * fewest
    assert await _spared(turns, clock, 0.4) < growing[-1]
