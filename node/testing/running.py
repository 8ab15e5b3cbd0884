"""Starting a node for tests, and sharing one among the workers of a run.

Workers of pytest-xdist share a folder. Whoever comes first, under a lock, starts the node there; whoever comes
later reads its ready file. Each holds a lock of its own kind on a second file as long as it needs the node, so
that the last one out, who alone can have that file for itself, stops it. Locks end with their process, so a
worker that crashed is not waited for.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, cast

from idnode.node.testing.node import Node
from idnode.registry.handle.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

START_SECONDS: Final = 60.0
"""Longest wait for a node to be ready: a bound against hanging, not an expectation."""
STOP_SECONDS: Final = 5.0

_LOOK_SECONDS: Final = 0.01
_CLOCK: Final = SystemClock()

FLAGS: Final = (
    *("--handle-port", "0", "--http-port", "0", "--admin-port", "0"),
    *("--durability", "none", "--drain-timeout", "0", "--journal", "all"),
    "--allow-reset",
)
"""Free ports; nothing waits for the disk, for nothing has to outlive the run; the journal sees everything."""


class NodeDidNotStart(Exception):
    """The process of the node ended before it was ready, or took too long; the message is its output."""


@contextmanager
def own_node(folder: Path, fixtures: Sequence[Path] = ()) -> Iterator[Node]:
    """Run a node in a folder for this process alone."""
    with starting_node(folder, fixtures) as ready:
        yield ready()


@contextmanager
def starting_node(folder: Path, fixtures: Sequence[Path] = ()) -> Iterator[Callable[[], Node]]:
    """Run a node for this process alone, and yield what waits for it; something else can be done meanwhile."""
    pid = _launch(folder, fixtures)
    try:
        yield lambda: Node.of(_wait_until_ready(folder, pid), shared=False)
    finally:
        _stop(pid)


@contextmanager
def shared_node(folder: Path, fixtures: Sequence[Path] = ()) -> Iterator[Node]:
    """Run a node in a folder that every process shares that asks for it there, until the last one leaves."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("wb") as lock, (folder / "users").open("wb") as users:
        with _locked(lock):
            ready = _running(folder)
            if ready is None:
                ready = _wait_until_ready(folder, _launch(folder, fixtures))
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield Node.of(ready, shared=True)
        finally:
            with _locked(lock):
                fcntl.flock(users, fcntl.LOCK_UN)
                with suppress(BlockingIOError):  # somebody still needs the node
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    _stop(ready["pid"])
                    (folder / "ready.json").unlink(missing_ok=True)


@contextmanager
def _locked(lock: BinaryIO) -> Iterator[None]:
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _launch(folder: Path, fixtures: Sequence[Path]) -> int:
    """Start a node and return its process id, without waiting."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "idnode.node", "serve", *FLAGS]
    command += ["--data-dir", str(folder / "data"), "--ready-file", str(folder / "ready.json")]
    command += ["--fixtures", ",".join(map(str, fixtures))] if fixtures else []
    environment = {name: value for name, value in os.environ.items() if not _is_setting(name)}
    writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    # Not `subprocess`, whose objects complain when they go before their process: a shared node may outlive
    # the worker that started it. A process group of its own, for Ctrl-C is meant for pytest.
    return os.posix_spawn(
        sys.executable,
        command,
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(folder / "output"), writing, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setpgroup=0,
    )


def _is_setting(name: str) -> bool:
    """Return whether a variable would set up the node otherwise than tests count on; the build may be chosen."""
    return name.startswith("IDNODE_") and name != "IDNODE_PURE"


def _running(folder: Path) -> dict[str, Any] | None:
    """Return the ready file of a node that still runs."""
    ready = _ready(folder)
    return ready if ready is not None and not _ended(ready["pid"]) else None


def _ready(folder: Path) -> dict[str, Any] | None:
    try:
        return cast("dict[str, Any]", json.loads((folder / "ready.json").read_bytes()))
    except FileNotFoundError:
        return None


def _wait_until_ready(folder: Path, pid: int) -> dict[str, Any]:
    deadline = _CLOCK.elapsed() + START_SECONDS
    while True:
        # Asked in this order, so that a node that is ready and then ends is not taken for one that never was.
        ended = _ended(pid)
        ready = _ready(folder)
        if ready is not None and ready["pid"] == pid:
            return ready
        if ended or _CLOCK.elapsed() > deadline:
            _stop(pid)
            said = (folder / "output").read_text(errors="replace")
            raise NodeDidNotStart(f"idnode serve did not get ready:\n{said}")
        time.sleep(_LOOK_SECONDS)


def _stop(pid: int) -> None:
    """Stop a node, and wait for it if this process started it; it is ended at once if that takes long."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = _CLOCK.elapsed() + STOP_SECONDS
    while _runs_as_child(pid):
        if _CLOCK.elapsed() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(_LOOK_SECONDS)


def _runs_as_child(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    except ChildProcessError:
        return False


def _ended(pid: int) -> bool:
    """Return whether a process has ended; one that this process started is buried then."""
    with suppress(ChildProcessError):  # another worker started it
        return os.waitpid(pid, os.WNOHANG) != (0, 0)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
