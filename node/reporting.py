"""Tells what a node says of itself at ``/api/v1/stats``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from idnode.node.build import core, version
from idnode.node.ops.health import State

if TYPE_CHECKING:
    from idnode.node.dataset import ServedDataset
    from idnode.node.ops.health import Health
    from idnode.node.ops.metrics import Metrics
    from idnode.node.services import NodeServices
    from idnode.node.settings import Settings
    from idnode.registry.register import Register


class Reported(Protocol):
    """The parts of a node that are told about; register and services are there once it has started."""

    settings: Settings
    seed: int
    health: Health
    metrics: Metrics
    register: Register
    services: NodeServices
    dataset: ServedDataset | None


def report_of(node: Reported, seconds: float) -> dict[str, Any]:
    """Return facts, register and lifetime volume of a node that started so many seconds ago."""
    settings = node.settings
    found: dict[str, Any] = {
        "version": version(),
        "core": core(),
        "state": node.health.state.value,
        "seconds": round(seconds, 3),
        "seed": node.seed,
        "durability": settings.durability,
        "targets": {
            "registrations": settings.target_registrations,
            "resolutions": settings.target_resolutions,
        },
    }
    for kind, counts in node.metrics.persistent_counters().items():
        by_face: dict[str, dict[str, int]] = {}
        for (face, outcome), count in counts.items():
            by_face.setdefault(face, {})[outcome] = count
        found[kind] = by_face
    if node.health.state is not State.STARTING:
        stats = node.register.stats()
        found["register"] = {
            "identifiers": stats.identifiers,
            **stats.figures,
            "recovered": stats.opened,
        }
        found["prefixes"] = len(node.services.authority.homed)
        found["dataset"] = None if node.dataset is None else node.dataset.report()
    return found
