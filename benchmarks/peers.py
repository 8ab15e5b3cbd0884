"""Servers of others that run beside a node: the port that they are given, and the process that serves."""

import socket
from pathlib import Path


def free_port() -> int:
    """Return a TCP port that was free a moment ago, for a server that cannot choose one itself."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def serving_process(process: int) -> int:
    """Return the process that serves: the last child, where the first process only starts others."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    return serving_process(int(children[-1])) if children else process
