"""The rule for a queue keeps these promises.

- Nobody is turned away while some have short waits, however long the others wait, nor before an interval is over.
- Then a share is turned away that grows while waits are long, shrinks when they are short, and ends.
- Of so many requests the share is turned away, neither more nor fewer, and counted by face; some are always answered.
- A node whose target is zero turns nobody away. Delays that the clock's steps explain are none.
"""

import pytest

from idnode.node.service.queue_delay import LOOK_SECONDS, MOST, NOTICED_SECONDS, QueueDelay

TARGET, INTERVAL = 0.25, 1.0


@pytest.fixture
def queue():
    return QueueDelay(TARGET, INTERVAL)


def _observe(queue, delay, start, seconds):
    """Have a delay observed for so many seconds, and return the time after."""
    looks = round(seconds / LOOK_SECONDS)
    for look in range(looks):
        queue.observe(start + look * LOOK_SECONDS, delay)
    return start + looks * LOOK_SECONDS


def test_a_queue_that_empties_now_and_then_turns_nobody_away(queue):
    now = 0.0
    for _ in range(20):
        now = _observe(queue, 5.0, now, 0.9 * INTERVAL)
        now = _observe(queue, 0.0, now, LOOK_SECONDS)
        assert queue.share == 0


def test_one_short_wait_between_two_looks_counts(queue):
    now = _observe(queue, 5.0, 0.0, 0.9 * INTERVAL)
    queue.observe(now - LOOK_SECONDS / 2, TARGET)
    _observe(queue, 5.0, now, 0.9 * INTERVAL)
    assert queue.share == 0


def test_the_share_grows_while_waits_are_long_and_ends_when_they_are_short(queue):
    now = _observe(queue, 0.3, 0.0, INTERVAL + 2 * LOOK_SECONDS)
    first = queue.share
    assert 0 < first < 0.5
    now = _observe(queue, 0.3, now, 2 * INTERVAL)
    assert queue.share == MOST
    now = _observe(queue, 0.2, now, 2 * LOOK_SECONDS)
    assert 0 < queue.share < MOST
    _observe(queue, 0.2, now, 2 * INTERVAL)
    assert queue.share == 0


def test_a_queue_of_which_nothing_was_heard_for_long_begins_anew(queue):
    now = _observe(queue, 0.3, 0.0, 3 * INTERVAL)
    assert queue.share == MOST
    queue.observe(now + 60, 0.0)
    assert queue.share == 0


def test_the_share_is_turned_away_and_counted(queue):
    queue.share = 0.3
    turned_away = [queue.turns_away("snms") for _ in range(1000)]
    assert sum(turned_away) == pytest.approx(300, abs=1)
    assert queue.turned_away == {"snms": sum(turned_away)}


def test_some_are_always_answered(queue):
    _observe(queue, 60.0, 0.0, 60.0)
    assert not all(queue.turns_away("bulk") for _ in range(100))


def test_a_target_of_zero_turns_nobody_away():
    queue = QueueDelay(0.0, INTERVAL)
    _observe(queue, 60.0, 0.0, 60.0)
    assert queue.share == 0
    assert queue.delay == 60.0


def test_what_the_steps_of_a_clock_explain_is_no_delay(queue):
    queue.observe(0.0, NOTICED_SECONDS)
    assert queue.delay == 0
    queue.observe(1.0, 0.1)
    assert queue.delay == 0.1
