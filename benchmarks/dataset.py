"""Resolution of computed identifiers beside that of the same records written into the log."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import msgpack

from benchmarks.native_tools import LoadReport, load
from benchmarks.node_process import NodeProcess
from benchmarks.records import BATCH_ITEMS, PREFIX, write_handles
from benchmarks.row import Row
from idnode.registry.datasets.suzhou.dataset import Suzhou
from idnode.registry.handle.values import unpack

if TYPE_CHECKING:
    from benchmarks.config import Config

HANDLES = 20_000
WINDOW = 64
_WARM_SECONDS = 5
"""Until the node has made the data set for native code."""


def run(config: Config) -> list[Row]:
    """Measure a closed loop over UDP and over TCP."""
    suzhou = Suzhou()
    handles = suzhou.sample(HANDLES, Random(1))
    flags = ("--dataset", "suzhou")
    with (
        tempfile.TemporaryDirectory() as folder,
        NodeProcess.start(pure=config.pure, flags=flags) as node,
    ):
        written = _write(node, suzhou, handles)
        files = {
            "virtual": write_handles(Path(folder) / "virtual", map(bytes.decode, handles)),
            "written": write_handles(Path(folder) / "written", written),
        }
        time.sleep(_WARM_SECONDS)
        return [_row(config, node, files, face) for face in ("udp", "tcp")]


def _write(node: NodeProcess, suzhou: Suzhou, handles: list[bytes]) -> list[str]:
    """Register the records of computed handles under others; returns these."""
    items = []
    for number, handle in enumerate(handles):
        prefix, _, suffix = handle.partition(b"/")
        identifiers = suzhou.identifiers(prefix)
        assert identifiers is not None
        found = unpack(identifiers.values(identifiers.position(suffix)))
        listed = [(value.index, value.type, value.data) for value in found]
        items.append((f"{PREFIX}/{number}-{suffix.decode()}", listed))
    for start in range(0, len(items), BATCH_ITEMS):
        node.register(msgpack.packb(items[start : start + BATCH_ITEMS]))
    return [handle for handle, _listed in items]


def _row(config: Config, node: NodeProcess, files: dict[str, Path], face: str) -> Row:
    what = f"{face.upper()} resolve, Suzhou's records, computed"
    server = node.udp if face == "udp" else node.tcp

    def measure(origin: str) -> LoadReport:
        return load(
            f"{face}_load",
            server,
            handles=files[origin],
            window=WINDOW,
            seconds=config.seconds,
            warmup=config.seconds / 5,
        )

    found = config.interleaved(
        {origin: lambda origin=origin: measure(origin) for origin in files},  # type: ignore[misc]
        what=what,
    )
    virtual, written = found["virtual"], found["written"]
    return Row(
        what=what,
        ours=tuple(report.rate for report in virtual),
        peer="the same records, written",
        peers=tuple(report.rate for report in written),
        note=f"{virtual[-1].note()}; peer {written[-1].note()}",
    )
