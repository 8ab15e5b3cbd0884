"""Alive is not ready: alive while the process answers, ready while it wants traffic."""

from enum import StrEnum


class State(StrEnum):
    """Where the node stands in its life."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class Health:
    """The node's state and which core it runs."""

    def __init__(self, core: str) -> None:
        self.core = core
        self.state = State.STARTING

    @property
    def ready(self) -> bool:
        """Whether traffic is wanted."""
        return self.state is State.READY

    def report(self) -> dict[str, str]:
        """Return what ``/readyz`` says."""
        return {"status": self.state.value, "core": self.core}
