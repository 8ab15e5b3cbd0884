"""Holds what decides when faces refuse requests because the node is beyond its capacity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idnode.node.faces.http.shedding import Shedding
from idnode.node.interceptors.exchange import HANDLE_JSON
from idnode.node.service.overload import Overload, Patience, Turns

if TYPE_CHECKING:
    from idnode.node.ops.metrics import Metrics
    from idnode.node.settings import Settings
    from idnode.registry.handle.clock import Clock


class Overloads:
    """The turns of the node's event loop, and a rule for each face, which counts in the metrics."""

    def __init__(self, settings: Settings, clock: Clock, metrics: Metrics) -> None:
        self.turns = Turns(clock, settings.shed_target)
        self._patience = Patience(settings.shed_target, settings.shed_interval)
        self._metrics = metrics

    def of(self, face: str) -> Overload:
        """Return the rule of one face."""
        made = Overload(self._patience)
        self._metrics.read_shed(face, lambda: made.shed)
        return made

    def http(self) -> Shedding:
        """Return what refuses requests over HTTP, whose face is not known yet: the most frequent one counts them."""
        return Shedding(self.turns, self.of(HANDLE_JSON), self._metrics.face(HANDLE_JSON))
