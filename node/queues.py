"""The queues in which requests wait for their turn: who measures them, and whom they turn away."""

import asyncio
from collections.abc import Callable

from idnode.node.ops.lag import LagProbe
from idnode.node.ops.metrics import Metrics
from idnode.node.service.queue_delay import QueueDelay
from idnode.node.settings import Settings
from idnode.registry.handle.clock import Clock


class Queues:
    """``loop``: what waits for the event loop; ``datagrams``: what the Python UDP face has not read yet."""

    def __init__(self, settings: Settings) -> None:
        self.loop = QueueDelay(settings.shed_delay, settings.shed_after)
        self.datagrams = QueueDelay(settings.shed_delay, settings.shed_after)

    def watch(self, clock: Clock, metrics: Metrics) -> Callable[[], None]:
        """Measure the delay of the event loop, and show it, until the returned function is called."""
        probe = LagProbe(clock, self.loop)
        probe.start(asyncio.get_running_loop())
        metrics.read_lag(probe)
        metrics.read_turned_away(self.loop.turned_away, self.datagrams.turned_away)
        return probe.stop
