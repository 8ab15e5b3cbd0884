"""Tells what a node says of itself at ``/api/v1/stats``."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import web

from idnode.node.build import core, version
from idnode.node.data_directory import SNAPSHOTS
from idnode.node.ops.health import State

if TYPE_CHECKING:
    from idnode.node.dataset import ServedDataset
    from idnode.node.ops.health import Health
    from idnode.node.ops.metrics import Metrics
    from idnode.node.services import NodeServices
    from idnode.node.settings import Settings
    from idnode.registry.register import Register

_log = logging.getLogger(__name__)


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


async def snapshot_of(node: Reported, name: str) -> dict[str, Any]:
    """Take a snapshot of the register under a name, and tell about it."""
    if not node.health.ready:
        raise web.HTTPServiceUnavailable(reason=f"The node is {node.health.state.value}")
    target = node.settings.data_dir / SNAPSHOTS / name
    copy = node.register.capabilities.snapshot
    if copy is None:
        raise web.HTTPNotImplemented(reason="The register's engine takes no snapshots")
    taken = await copy(target, None)
    _log.info("snapshot %s taken: %d bytes", target, taken.bytes)
    return {"path": str(target), "files": taken.files, "bytes": taken.bytes}
