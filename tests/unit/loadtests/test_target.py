"""Where the node is, and what may be said on the command line about it.

- Addresses, administrators and ready files are read, and what cannot be read is quoted.
- A freeze is within the profile's duration.
"""

import json

import pytest

from idnode.clients.web_requests import Credential
from idnode.loadtests.options import Freeze
from idnode.loadtests.target import Target, TargetUnknown, credential_of

ADMIN = Credential(301, "0.NA/88.900", "secret")


def test_a_node_is_found_by_its_addresses():
    found = Target.at("node.example:2641", "http://node.example:8000", ADMIN)
    assert found.handle_udp == found.handle_tcp == ("node.example", 2641)
    assert Target.at("[::1]:2641", "http://[::1]:8000", ADMIN).handle_tcp == ("::1", 2641)


def test_a_node_is_found_by_its_ready_file(tmp_path):
    ready = tmp_path / "ready.json"
    ready.write_text(
        json.dumps(
            {
                "pid": 7,
                "handle_tcp": ["127.0.0.1", 1],
                "handle_udp": ["127.0.0.1", 2],
                "http": "http://127.0.0.1:3",
            }
        )
    )
    found = Target.of_ready_file(ready, ADMIN)
    assert found == Target(("127.0.0.1", 1), ("127.0.0.1", 2), "http://127.0.0.1:3", ADMIN, 7)


@pytest.mark.parametrize("text", ["{}", "[]", "nothing", '{"handle_tcp": 1, "handle_udp": 2}'])
def test_what_is_no_ready_file_is_said_by_name(tmp_path, text):
    ready = tmp_path / "ready.json"
    ready.write_text(text)
    with pytest.raises(TargetUnknown, match=r"ready\.json is no ready file"):
        Target.of_ready_file(ready, ADMIN)


@pytest.mark.parametrize("server", ["127.0.0.1", "2641", ":2641", "host:port"])
def test_an_address_without_host_and_port_is_quoted(server):
    with pytest.raises(TargetUnknown, match=server):
        Target.at(server, "http://127.0.0.1:8000", ADMIN)


def test_an_administrator_has_an_index_and_a_handle():
    assert credential_of("301:0.NA/88.900", "secret") == ADMIN
    with pytest.raises(TargetUnknown, match=r"0\.NA/88\.900"):
        credential_of("0.NA/88.900", "secret")


def test_a_freeze_has_a_time_or_gets_one(profile):
    assert Freeze.of("1@2.5", profile()) == Freeze(1.0, 2.5)
    assert Freeze.of("1", profile()) == Freeze(1.0, 4.0)
    assert Freeze.of("", profile()) is None


@pytest.mark.parametrize("text", ["x", "1@x", "0", "-1", "1@9.5", "1@-3"])
def test_a_freeze_outside_of_the_test_is_refused(profile, text):
    with pytest.raises(ValueError, match=r"convert|within"):
        Freeze.of(text, profile())
