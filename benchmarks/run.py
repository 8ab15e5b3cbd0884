"""All benchmarks in one run, in one table: ``python -m benchmarks.run``."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from benchmarks import machine, redis
from benchmarks.config import Config
from benchmarks.native_tools import NoCompiler, ToolFailed, compiled
from benchmarks.node_process import NodeDidNotStart, NodeProcess, RegistrationRefused
from benchmarks.records import fill
from benchmarks.table import table_of

if TYPE_CHECKING:
    from benchmarks.row import Row

IN_PROCESS = ("codec", "index", "log", "stores", "postgres")
OF_A_NODE = ("udp", "tcp", "http", "workers", "bulk", "pause", "snms", "administration", "logins")
BENCHMARKS = (*IN_PROCESS, *OF_A_NODE, "dataset")
TOOLS = ("echo", "udp_load", "tcp_load")


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="few, short repetitions: a smoke test")
    parser.add_argument("--repetitions", type=int, help="measurements of each figure (5; quick 1)")
    parser.add_argument("--pure", action="store_true", help="forbid the compiled core")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every repetition there")
    found = parser.parse_args(given)
    unknown = set(found.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return found


def config_of(asked: argparse.Namespace) -> Config:
    """Return lengths and repetitions for a full or a quick run."""
    config = Config(pure=asked.pure)
    if asked.quick:
        config = replace(
            config,
            repetitions=1,
            seconds=0.5,
            identifiers=20_000,
            large_identifiers=2_000,
            bulk_batches=8,
        )
    if asked.repetitions:
        config = replace(config, repetitions=asked.repetitions)
    return config


def measure(config: Config, names: list[str], progress: Progress) -> tuple[list[Row], str]:
    """Run the named benchmarks; returns the rows and which core answered."""
    task = progress.add_task("", total=len(names))
    config = replace(config, progress=lambda what: progress.update(task, description=what))
    rows: list[Row] = []
    core = "no node was measured"
    with ExitStack() as stack:
        if set(OF_A_NODE) & set(names):
            for tool in TOOLS:
                compiled(tool)
            config.progress("starting and filling a node")
            node = stack.enter_context(NodeProcess.start(pure=config.pure))
            fill(node, small=config.identifiers, large=config.large_identifiers)
            config = replace(config, node=node)
            core = node.core
            if core == "native":
                pure = stack.enter_context(NodeProcess.start(pure=True))
                fill(pure, small=config.identifiers, large=config.large_identifiers)
                config = replace(config, pure_node=pure)
        for name in names:
            rows += import_module(f"benchmarks.{name}").run(config)
            progress.advance(task)
    return rows, core


def main(given: list[str] | None = None) -> int:
    """Measure, print the table, and write the JSON file that was asked for."""
    asked = arguments(given)
    console = Console()
    config = config_of(asked)
    names = asked.names or list(BENCHMARKS)
    bars = (SpinnerColumn(), BarColumn(20), TimeElapsedColumn(), TextColumn("{task.description}"))
    # The load average is read first, or it would tell of the benchmark itself.
    found = machine.describe()
    try:
        with Progress(*bars, console=Console(stderr=True), transient=True) as progress:
            rows, core = measure(config, names, progress)
    except (NoCompiler, ToolFailed, NodeDidNotStart, RegistrationRefused) as error:
        console.print(f"{type(error).__name__}: {error}", markup=False, soft_wrap=True)
        return 1
    found["core"] = core
    caption = f"{machine.line(found)}, core: {core}; medians of {config.repetitions}"
    if not redis.installed():
        caption += f"; {redis.NOT_INSTALLED}"
    if console.width < 150 and not console.is_terminal:
        console = Console(width=180)
    console.print(table_of(rows, caption))
    if asked.json:
        result = {"machine": found, "rows": [row.as_json() for row in rows]}
        asked.json.write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
