"""A node of our own to load: started on free ports, with data that vanish with it."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 30
_LOG_LINES: Final = 20


class NodeDidNotStart(Exception):
    """The node was never ready; the message is the end of what it said."""


@contextmanager
def served_node(out: Path, flags: Sequence[str] = ()) -> Iterator[Path]:
    """Serve a node while the block lasts and give its ready file; what it says goes to ``out``/node.log.

    Raises:
        NodeDidNotStart: It ended, or was not ready in time.

    """
    ports = ("--handle-port", "0", "--http-port", "0", "--admin-port", "0")
    with _served(out, ["serve", *ports, *flags]) as ready:
        yield ready


@contextmanager
def served_tree(out: Path) -> Iterator[Path]:
    """Serve Suzhou's tree likewise.

    Raises:
        NodeDidNotStart: It ended, or was not ready in time.

    """
    with _served(out, ["tree", "up", "--free-ports"]) as ready:
        yield ready


@contextmanager
def _served(out: Path, command: Sequence[str]) -> Iterator[Path]:
    idnode = [sys.executable, "-m", "node"]
    with tempfile.TemporaryDirectory(prefix="idnode-load-") as folder:
        ready = Path(folder) / "ready.json"
        files = ("--data-dir", str(Path(folder) / "data"), "--ready-file", str(ready))
        with (out / "node.log").open("wb") as log:
            process = subprocess.Popen(
                [*idnode, *command, *files],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            _await_ready([*idnode, "wait", "--ready-file", str(ready)], process, out / "node.log")
            yield ready
        finally:
            _stop(process)


def _await_ready(wait: list[str], process: subprocess.Popen[bytes], log: Path) -> None:
    waiter = subprocess.Popen(
        [*wait, "--timeout", str(_START_SECONDS)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while waiter.poll() is None and process.poll() is None:
        try:
            waiter.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    if process.poll() is not None or waiter.returncode != 0:
        waiter.kill()
        waiter.wait()
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        raise NodeDidNotStart("\n".join(lines[-_LOG_LINES:]) or "it said nothing")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        # It may have been frozen on purpose by somebody who is gone.
        process.send_signal(signal.SIGCONT)
        process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
