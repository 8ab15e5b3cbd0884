"""A private nginx with one worker, when it is installed: what a web server in C does with a file of the same bytes."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.native_tools import Server
from benchmarks.peers import free_port, serving_process

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_INSTALLED = "nginx is not installed"
_START_SECONDS = 30

# The file stays open and its connections last, as those of the node do.
_CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  default_type application/json;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=100;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
}}
"""


class NginxFailed(Exception):
    """The server did not start; the message carries its own words."""


def program() -> str | None:
    """Return the path of nginx, which Debian keeps where only administrators look."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def serving(path: str, body: bytes) -> Iterator[Server]:
    """Serve these bytes at a path while the block runs.

    Raises:
        NginxFailed: It is not installed, or did not start.

    """
    nginx = program()
    if nginx is None:
        raise NginxFailed(NOT_INSTALLED)
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="idnode-nginx-") as name:
        folder = Path(name)
        file = folder / "files" / path.lstrip("/")
        file.parent.mkdir(parents=True)
        file.write_bytes(body)
        for readable in (folder, *(each for each in folder.rglob("*") if each.is_dir())):
            readable.chmod(0o755)  # its worker may run as somebody else
        configuration = _CONFIGURATION.format(folder=folder, port=port)
        (folder / "nginx.conf").write_text(configuration, encoding="ascii")
        command = [nginx, "-c", str(folder / "nginx.conf"), "-e", str(folder / "log")]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            _wait_until_ready(port, process, folder / "log")
            yield Server(port, serving_process(process.pid))
        finally:
            process.terminate()
            process.wait()


def _wait_until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    raise NginxFailed(said[-2000:] or "nginx said nothing")
