"""Alive is not ready: alive while the process answers, ready while it wants traffic."""

from collections.abc import Callable
from enum import StrEnum


class State(StrEnum):
    """Tells where the node stands in its life."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class Health:
    """The node's state and which core it runs."""

    def __init__(self, core: str) -> None:
        self.core = core
        self.state = State.STARTING
        self._unwritable: Callable[[], str] = str

    @property
    def ready(self) -> bool:
        """Return whether traffic is wanted."""
        return self.state is State.READY

    def read_unwritable(self, reason: Callable[[], str]) -> None:
        """Learn from here why the register takes no writes, "" when it does."""
        self._unwritable = reason

    @property
    def writable(self) -> bool:
        """Return whether the register takes writes."""
        return not self._unwritable()

    def report(self) -> dict[str, object]:
        """Return what ``/readyz`` says."""
        reason = self._unwritable()
        said: dict[str, object] = {"status": self.state.value, "core": self.core}
        return said | {"writable": not reason} | ({"reason": reason} if reason else {})
