"""Measures how a register carries N identifiers: ``python -m benchmarks.scale N`` or ``--curve 1e5,1e6``."""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from benchmarks import machine
from benchmarks.scale_records import KINDS
from benchmarks.scale_stages import STAGES, Figures, leave

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

COLUMNS = {
    "fill_rate": ("registered/s (durable)", ",.0f"),
    "longest_pause_ms": ("longest loop pause, ms", ",.1f"),
    "index_bytes": ("index, bytes each", ".1f"),
    "anonymous_bytes": ("all own memory, bytes each", ".1f"),
    "rss_mib": ("process RSS, MiB", ",.0f"),
    "disk_bytes": ("disk once stopped, all files, bytes each", ".1f"),
    "disk_ratio": ("disk ÷ handle and values", ".2f"),
    "lookup_rate": ("lookups/s (one thread)", ",.0f"),
    "page_ms": ("page of 1,000, ms", ".2f"),
    "page_ms_max": ("slowest page, ms", ".2f"),
    "close_seconds": ("clean stop, s", ".2f"),
    "restart_seconds": ("clean restart, s", ".2f"),
    "recovery_seconds": ("crash recovery, s", ".2f"),
    "recovery_rate": ("recovered/s", ",.0f"),
}
_SHARES_TOLD = 200
"""A stage tells its progress at most this often."""


class StageFailed(Exception):
    """A stage ended without its figures; its own words are on standard error."""


def _in_child(pipe: Connection, stage: str, folder: Path, count: int, kind: str) -> None:
    """Run one stage, send its figures, and end without closing anything that it left open."""
    last = -1

    def told(share: float) -> None:
        nonlocal last
        if int(share * _SHARES_TOLD) != last:
            last = int(share * _SHARES_TOLD)
            pipe.send(share)

    async def run() -> None:
        pipe.send(await STAGES[stage](folder, count, told, kind))
        pipe.close()
        leave()

    asyncio.run(run())


def run_stage(
    stage: str, folder: Path, count: int, progress: Progress, kind: str = "plain"
) -> Figures:
    """Run one stage in a process of its own and return its figures.

    Raises:
        StageFailed: It ended without any.

    """
    task = progress.add_task(f"{count:,}: {stage}", total=1.0)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_in_child, args=(theirs, stage, folder, count, kind))
    child.start()
    theirs.close()
    try:
        while True:
            found = ours.recv()
            if isinstance(found, dict):
                progress.update(task, completed=1.0)
                return found
            progress.update(task, completed=found)
    except EOFError:
        raise StageFailed(f"{stage} of {count:,} identifiers") from None
    finally:
        child.join()
        progress.remove_task(task)


def run_point(count: int, parent: Path | None, progress: Progress, kind: str) -> Figures:
    """Fill, restart, crash and recover one register of this size."""
    folder = Path(tempfile.mkdtemp(prefix="idnode-scale-", dir=parent))
    figures: Figures = {}
    try:
        for stage in STAGES:
            figures |= run_stage(stage, folder / "register", count, progress, kind)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return figures


def table_of(found: dict[int, Figures]) -> Table:
    """Return one column a size."""
    table = Table(title="One register by number of identifiers", caption=None)
    table.add_column("what")
    for count in found:
        table.add_column(f"{count:,}", justify="right")
    for key, (title, form) in COLUMNS.items():
        table.add_row(title, *(format(figures[key], form) for figures in found.values()))
    return table


def main(given: list[str] | None = None) -> int:
    """Measure the sizes asked for and print one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("count", nargs="?", type=float, help="identifiers (1e6)", default=1e6)
    parser.add_argument("--curve", help="several sizes, separated by commas, such as 1e5,1e6,1e7")
    parser.add_argument(
        "--record", choices=sorted(KINDS), default="plain", help="90 bytes, or 0.8 kB"
    )
    parser.add_argument("--folder", type=Path, help="where the registers are made (system default)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    asked = parser.parse_args(given)
    counts = [int(float(each)) for each in (asked.curve or str(asked.count)).split(",")]
    if min(counts) < 1:
        parser.error("a register of nothing cannot be measured")
    console = Console()
    before = machine.describe()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            found = {
                count: run_point(count, asked.folder, progress, asked.record) for count in counts
            }
    except StageFailed as failure:
        console.print(f"[red]failed[/red]: {failure}")
        return 1
    console.print(table_of(found))
    console.print(machine.line(before), highlight=False)
    if asked.json:
        result = {"machine": before, "sizes": {str(count): found[count] for count in counts}}
        asked.json.write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
