"""The client commands ask the node that the settings describe, unless a flag names another.

- A changed port in the environment changes whom they ask.
- What is no address, and what is no administrator, is refused by name.
"""

import pytest

from idnode.node.commands.asking import handle_server, http_client, http_url
from idnode.node.commands.failure import CommandFailed


@pytest.fixture(autouse=True)
def _ports(monkeypatch):
    monkeypatch.setenv("IDNODE_HANDLE_PORT", "12641")
    monkeypatch.setenv("IDNODE_HTTP_PORT", "18000")


def test_without_a_flag_the_settings_say_whom():
    assert handle_server(None) == ("127.0.0.1", 12641)
    assert http_url(None) == "http://127.0.0.1:18000"


def test_a_node_that_binds_to_every_address_is_asked_on_this_machine(monkeypatch):
    monkeypatch.setenv("IDNODE_HOST", "0.0.0.0")
    assert handle_server(None) == ("127.0.0.1", 12641)
    assert http_url(None) == "http://127.0.0.1:18000"


@pytest.mark.parametrize(
    ("server", "address", "url"),
    [
        ("192.0.2.1:99", ("192.0.2.1", 99), "http://192.0.2.1:99"),
        ("[::1]:99", ("::1", 99), "http://[::1]:99"),
        ("node.example:99", ("node.example", 99), "http://node.example:99"),
    ],
)
def test_a_flag_names_another(server, address, url):
    assert handle_server(server) == address
    assert http_url(server) == url


def test_a_url_is_taken_as_it_is():
    assert http_url("https://node.example/below") == "https://node.example/below"


@pytest.mark.parametrize("server", ["", "node", "node:", "node:x", "node:65536"])
def test_what_is_no_address_is_refused_by_name(server):
    with pytest.raises(CommandFailed, match="expected HOST:PORT"):
        handle_server(server)


@pytest.mark.parametrize("admin", ["0.NA/88.900", "x:0.NA/88.900", "301:"])
def test_what_is_no_administrator_is_refused_by_name(admin):
    with pytest.raises(CommandFailed, match="expected INDEX:HANDLE"):
        http_client(None, admin, None)


def test_what_is_no_http_address_is_refused():
    with pytest.raises(CommandFailed, match="--server"):
        http_client("ftp://node.example", None, None)
