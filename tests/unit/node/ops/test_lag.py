"""The loop-lag probe keeps these promises.

- The worst delay of the last window shows, older ones fade; the histogram keeps all of them.
- The queue of what waits for the loop is told each delay, also of a loop that something really blocks.
"""

import asyncio
import threading

from idnode.node.ops.lag import PERIOD_SECONDS, WINDOW_SECONDS, LagProbe
from idnode.node.service.queue_delay import QueueDelay
from idnode.registry.handle.clock import SystemClock


class _HandClock:
    def now(self):
        return 0.0

    def elapsed(self):
        return 0.0


def test_the_worst_delay_is_shown_until_two_windows_have_passed():
    probe = LagProbe(_HandClock())
    probe.observe(0.0, 0.5)
    probe.observe(1.0, 0.1)
    assert probe.seconds() == 0.5
    probe.observe(WINDOW_SECONDS, 0.2)
    assert probe.seconds() == 0.5
    probe.observe(2 * WINDOW_SECONDS, 0.1)
    assert probe.seconds() == 0.2


def test_every_delay_is_kept_and_told_to_the_queue():
    queue = QueueDelay(0.25)
    probe = LagProbe(_HandClock(), queue)
    for delay in (0.5, 0.003, 0.04):
        probe.observe(0.0, delay)
        assert queue.delay == delay
    assert dict(probe.histogram.cumulative())["0.05"] == 2
    assert probe.histogram.total == 0.543


class _Told(QueueDelay):
    def __init__(self):
        super().__init__(0.25)
        self.heard = asyncio.Event()

    def observe(self, now, delay):
        super().observe(now, delay)
        self.heard.set()


async def test_a_blocked_loop_is_late():
    queue = _Told()
    probe = LagProbe(SystemClock(), queue)
    probe.start(asyncio.get_running_loop())
    try:
        threading.Event().wait(PERIOD_SECONDS + 0.1)  # nothing else has a turn meanwhile
        async with asyncio.timeout(10):
            await queue.heard.wait()
    finally:
        probe.stop()
    assert probe.seconds() >= 0.1
    assert queue.delay >= 0.1
