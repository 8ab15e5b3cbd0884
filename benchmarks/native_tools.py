"""The tools in C: compiled on the spot, started, and their reports read.

A generator in Python would be slower than the servers it measures, so the load comes from C.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.machine import cpu_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = Path(__file__).parent / "native"
OUTPUT = Path(__file__).parent / "out"
_COMPILERS = ("cc", "gcc", "clang")
_LONGEST_RUN_SECONDS = 600


class NoCompiler(Exception):
    """There is no C compiler, so there is no load generator."""


class ToolFailed(Exception):
    """A tool ended with an error; the message carries its own words."""


def compiled(name: str) -> Path:
    """Return the path of a tool, compiled anew when a source is younger than it.

    Raises:
        NoCompiler: None of cc, gcc and clang is installed.
        ToolFailed: The compiler refused the source.

    """
    program = OUTPUT / name
    newest = max(source.stat().st_mtime for source in SOURCES.iterdir())
    if program.exists() and program.stat().st_mtime > newest:
        return program
    compiler = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if compiler is None:
        raise NoCompiler(
            "The load generators are written in C and no C compiler was found. "
            "Install one (Debian: apt-get install gcc libc6-dev) and run again."
        )
    OUTPUT.mkdir(exist_ok=True)
    source = SOURCES / f"{name}.c"
    fresh = program.with_suffix(".new")
    done = subprocess.run(
        [compiler, "-O2", "-Wall", "-Wextra", "-pthread", "-o", str(fresh), str(source), "-lm"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ToolFailed(f"{compiler} cannot compile {source}:\n{done.stderr}")
    fresh.replace(program)
    return program


class Server(NamedTuple):
    """Tells where a server listens, and its process."""

    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Holds what a generator counted; latencies in microseconds, by percentile name."""

    rate: float
    sent: int
    answered: int
    missing: int
    wrong: int
    stray: int
    datagrams: int
    bytes: int
    held: int
    codes: dict[int, int]
    generator_cpu: float
    generator_limited: bool
    latency: dict[str, float]
    uncorrected: dict[str, float]
    send_lag: dict[str, float]
    complaints: str
    """What the generator said on standard error, such as lost connections."""
    server_cpu: float
    """Microseconds of processor time that the server spent on one request."""

    @property
    def faults(self) -> int:
        """Requests that did not get the answer they should have got."""
        return self.missing + self.wrong

    def note(self) -> str:
        """Return latency and whatever limits what the figure says, in a few words."""
        words = [f"{self.server_cpu:.1f} µs CPU"]
        words.append(f"p50 {self.latency['p50'] / 1e3:.2f} p99 {self.latency['p99'] / 1e3:.2f} ms")
        if self.generator_limited:
            words.append("generator-bound")
        if self.faults:
            words.append(f"{self.missing} missing, {self.wrong} wrong")
        return ", ".join(words)


def _report(found: dict[str, Any], complaints: str, server_cpu: float) -> LoadReport:
    return LoadReport(
        rate=found["rate"],
        sent=found["sent"],
        answered=found["answered"],
        missing=found["missing"],
        wrong=found["wrong"],
        stray=found["stray"],
        datagrams=found["datagrams"],
        bytes=found["bytes"],
        held=found["held"],
        codes={int(code): count for code, count in found["codes"].items()},
        generator_cpu=found["generator_cpu"],
        generator_limited=found["generator_limited"],
        latency=found["latency_us"],
        uncorrected=found.get("uncorrected_us", {}),
        send_lag=found.get("send_lag_us", {}),
        complaints=complaints.strip(),
        server_cpu=server_cpu,
    )


def load(tool: str, server: Server, **options: object) -> LoadReport:
    """Run ``udp_load`` or ``tcp_load`` on a server with these options and return what it counted.

    Raises:
        NoCompiler: See `compiled`.
        ToolFailed: The generator could not connect or did not understand.

    """
    command = [str(compiled(tool)), "--port", str(server.port)]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    before = cpu_seconds(server.pid)
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=_LONGEST_RUN_SECONDS
    )
    spent = cpu_seconds(server.pid) - before
    if done.returncode:
        raise ToolFailed(f"{' '.join(command)}: {done.stderr.strip()}")
    found = json.loads(done.stdout)
    return _report(found, done.stderr, spent * 1e6 / max(1, found["sent_with_warmup"]))


@contextmanager
def echo(*, size: int = 0, datagrams: int = 1) -> Iterator[Server]:
    """Serve the raw UDP echo while the block runs.

    It answers with ``datagrams`` pieces of ``size`` bytes each (0: as many as came in).
    """
    command = [str(compiled("echo")), "--size", str(size), "--datagrams", str(datagrams)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Server(int(process.stdout.readline()), process.pid)
        finally:
            process.stdin.close()
            process.wait()
