"""The systemd unit keeps these promises.

- systemd accepts it, and finds it well confined.
- It starts the program with settings that exist, and gives it its secret without showing it.
- The node tells the service manager that it is ready, that it lives, and that it stops.
"""

import os
import re
import shutil
import socket
import subprocess

import pytest

from idnode.node.settings import Settings, variable_of

EXPOSURE_MAX = 20
"""In tenths; systemd calls up to 4.9 OK."""

PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def unit(deploy):
    return (deploy / "systemd/idnode.service").read_text()


@pytest.fixture
def installed(unit, tmp_path):
    """The unit, with a program that exists."""
    path = tmp_path / "idnode.service"
    path.write_text(unit.replace("/opt/idnode/bin/idnode", shutil.which("true")))
    return path


def test_systemd_accepts_the_unit(tool, installed):
    analyze = tool("systemd-analyze", "Debian: systemd")
    done = subprocess.run(
        [analyze, "verify", installed], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_accepts_the_snapshots(tool, deploy, installed):
    analyze = tool("systemd-analyze", "Debian: systemd")
    for name in ("idnode-snapshot.service", "idnode-snapshot.timer"):
        shutil.copy(deploy / "systemd" / name, installed.parent)
    done = subprocess.run(
        [analyze, "verify", *installed.parent.glob("idnode*")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reload_has_the_certificate_read_anew(unit):
    assert re.search(r"^ExecReload=/bin/kill -HUP \$MAINPID$", unit, flags=re.MULTILINE)


def test_systemd_finds_the_unit_confined(tool, installed):
    analyze = tool("systemd-analyze", "Debian: systemd")
    threshold = f"--threshold={EXPOSURE_MAX}"
    done = subprocess.run(
        [analyze, "security", "--offline=yes", "--no-pager", threshold, installed],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_user_of_the_unit_is_made_beside_it(unit, deploy):
    (user,) = re.findall(r"^User=(\w+)$", unit, flags=re.MULTILINE)
    made = (deploy / "systemd/idnode.sysusers.conf").read_text()
    assert re.search(rf"^u {user} ", made, flags=re.MULTILINE)


def test_every_variable_of_the_unit_is_a_setting(unit):
    named = re.findall(r"^Environment=(\w+)=", unit, flags=re.MULTILINE)
    assert named
    assert set(named) <= {variable_of(name) for name in Settings.model_fields}
    assert "SECRET" not in "".join(named)


@pytest.fixture
def manager(tmp_path, monkeypatch):
    """A socket that listens as systemd does, and stands in the environment as systemd's does."""
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(address))
        listening.settimeout(PATIENCE_SECONDS)
        monkeypatch.setitem(os.environ, "NOTIFY_SOCKET", str(address))
        yield listening


def _hear(manager, notice):
    while notice not in manager.recv(4096).splitlines():
        pass


def test_the_manager_hears_of_readiness_life_and_the_end(manager, served):
    node = served()
    _hear(manager, b"READY=1")
    _hear(manager, b"WATCHDOG=1")
    assert node.stop() == 0
    _hear(manager, b"STOPPING=1")
