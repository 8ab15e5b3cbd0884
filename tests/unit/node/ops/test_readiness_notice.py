"""Notices to the service manager keep these promises.

- They arrive at the socket that it names, by path or in the abstract space.
- Without a manager nothing happens; one that cannot be told costs a warning and nothing else.
"""

import secrets
import socket

import pytest

from idnode.node.ops.readiness_notice import ReadinessNotice


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    """A socket that listens as a service manager does, and the address it gives out."""
    name = f"idnode-{secrets.token_hex(8)}"
    shown, bound = (
        (str(tmp_path / "notify"), str(tmp_path / "notify"))
        if request.param == "path"
        else (f"@{name}", f"\0{name}")
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(bound)
        listening.setblocking(False)
        yield listening, shown


def test_the_manager_hears_of_readiness_life_and_the_end(manager):
    listening, address = manager
    notice = ReadinessNotice(address)
    notice.ready()
    notice.alive()
    notice.stopping()
    heard = [listening.recv(100).splitlines()[0] for _ in range(3)]
    assert heard == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


@pytest.mark.parametrize("address", [None, ""])
def test_without_a_manager_nothing_happens(address, caplog):
    ReadinessNotice(address).ready()
    assert not caplog.records


def test_a_manager_that_is_gone_costs_a_warning(tmp_path, caplog):
    ReadinessNotice(str(tmp_path / "absent")).ready()
    assert "cannot be told" in caplog.text
