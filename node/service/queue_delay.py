"""Decides who is turned away when requests wait too long for their turn: the rule of CoDel (RFC 8289), for a server.

A queue that empties now and then is a burst, and does no harm. One in which even the luckiest waits longer than a target,
for a whole interval, does not empty any more: clients give up, and what is answered then is work for nobody. From
then on a growing share of requests is told that the node is busy, which costs less than an answer, until those that
remain wait less than the target; then the share shrinks again.

Asking costs nothing while the node keeps up: `share` is zero then, and that is all a face looks at.
"""

from typing import Final

NOTICED_SECONDS: Final = 0.002
"""Delays up to this say nothing: event loops count their timers in whole milliseconds."""

LOOK_SECONDS: Final = 0.05
"""How often the share may change."""

_MORE: Final = 0.1
_MORE_AT_ONCE: Final = 0.3
_LESS: Final = 0.05
MOST: Final = 0.95
"""Some are always answered: whoever waits in front of a node that turns everybody away learns nothing."""

BUSY_TEXT: Final = "More is asked than the node can answer; try again later"


class QueueDelay:
    """One queue: how long requests wait in it, and the share of them that is turned away.

    ``target`` is how many seconds they may wait (0: as long as they must), ``interval`` for how many seconds each must
    have waited longer before somebody is turned away.
    """

    __slots__ = (
        "_credit",
        "_interval",
        "_look",
        "_since",
        "_target",
        "delay",
        "share",
        "turned_away",
    )

    def __init__(self, target: float = 0.0, interval: float = 1.0) -> None:
        self._target = target
        self._interval = interval
        self._look = float("-inf")
        self._since: float | None = None
        self._credit = 0.0
        self.delay = 0.0
        """How long the latest one waited, if that is worth mentioning."""
        self.share = 0.0
        """Part of the requests that are to be turned away, from 0 to `MOST`."""
        self.turned_away: dict[str, int] = {}
        """How many were, by face."""

    def observe(self, now: float, delay: float) -> None:
        """Take in that whoever gets its turn ``now`` has waited so many seconds."""
        self.delay = delay if delay > NOTICED_SECONDS else 0.0
        if delay <= self._target or not self._target:
            self._since = None
        elif self._since is None:
            self._since = now
        passed = now - self._look
        if passed < LOOK_SECONDS:
            return
        self._look = now
        if self._since is None:
            if self.share:
                self.share = max(0.0, self.share - _LESS * passed / LOOK_SECONDS)
        elif self.share or now - self._since >= self._interval:
            # A queue that is long is looked at seldom: its steps are the larger for it.
            self.share = min(MOST, self.share + min(_MORE * passed / LOOK_SECONDS, _MORE_AT_ONCE))

    def turns_away(self, face: str) -> bool:
        """Return whether the next request is one of the share, and count it; ask only while there is one."""
        self._credit += self.share
        if self._credit < 1.0:
            return False
        self._credit -= 1.0
        self.turned_away[face] = self.turned_away.get(face, 0) + 1
        return True
