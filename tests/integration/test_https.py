"""The HTTP port of a whole node speaks HTTPS, and keeps these promises.

- A client that trusts the node's own certificate file reads and writes, with its secret, on the same port.
- The operator's certificate is served instead when it is set; one that cannot be used stops the start, and
  says which file it is.
- The address that clients are told is in the certificate; the ready file and the banner say where HTTPS is.
- Off loopback, credentials count over HTTPS only.
- Commands reach it with `--ca-file`, and say in one line when they do not believe it.
"""

import asyncio
import base64
import socket
import ssl

import aiohttp
import pytest

from idnode.node.addresses import url_of
from idnode.node.banner import banner
from idnode.node.data_directory import KEYS
from idnode.node.defaults import SettingsRefused
from idnode.node.first_start.certificate import load_or_make, own_certificate
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.registry.handle.clock import SystemClock

ADMIN = {"Authorization": "Basic MzAxJTNBMC5OQS84OC45MDAuMTppZG5vZGUtZGVtbw=="}
RECORD = [{"index": 1, "type": "URL", "data": "https://example.org/"}]


def settings_of(tmp_path, **more):
    return Settings(data_dir=tmp_path / "data", handle_port=0, http_port=0, admin_port=0, **more)


@pytest.fixture
async def started(tmp_path):
    """Return a function that starts a node with further settings."""
    nodes = []

    async def start(**more):
        nodes.append(Node(settings_of(tmp_path, **more), seed=1))
        await nodes[-1].start()
        return nodes[-1]

    yield start
    for each in nodes:
        await each.stop()


def trusting(path):
    return ssl.create_default_context(cafile=path)


async def test_the_nodes_own_certificate_carries_reading_and_writing(node):
    trust = trusting(own_certificate(node.settings.data_dir / KEYS))
    url = url_of(node.addresses.http, "https")
    async with aiohttp.ClientSession(url) as session:
        path = "/api/handles/88.900.1/over-tls"
        async with session.put(path, json=RECORD, headers=ADMIN, ssl=trust) as answer:
            assert answer.status == 201
        async with session.get(path, ssl=trust) as answer:
            assert (await answer.json())["responseCode"] == 1
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(path)
    async with (
        aiohttp.ClientSession(url_of(node.addresses.http)) as session,
        session.get("/api/handles/88.900.1/over-tls") as answer,
    ):
        assert answer.status == 200


async def test_the_operators_certificate_is_served_when_set(started, tmp_path):
    files = load_or_make(tmp_path / "mine", [], SystemClock().now())
    node = await started(tls_certificate=files.certificate, tls_key=files.key)
    assert not own_certificate(node.settings.data_dir / KEYS).exists()
    assert str(files.certificate) in banner(
        node.settings, node.addresses, seed=1, demo_secret_works=True
    )
    async with (
        aiohttp.ClientSession(url_of(node.addresses.http, "https")) as session,
        session.get("/api/site", ssl=trusting(files.certificate)) as answer,
    ):
        assert answer.status == 200


async def test_a_certificate_that_cannot_be_used_stops_the_start(tmp_path):
    absent = tmp_path / "absent.pem"
    node = Node(settings_of(tmp_path, tls_certificate=absent, tls_key=absent), seed=1)
    with pytest.raises(SettingsRefused, match=r"tls_certificate.*absent\.pem"):
        await node.start()


def subject_of(address, path):
    with (
        socket.create_connection(address) as plain,
        trusting(path).wrap_socket(plain, server_hostname="192.0.2.10") as connection,
    ):
        return connection.getpeercert()


async def test_the_address_that_clients_are_told_is_in_the_certificate(started):
    node = await started(site_address="192.0.2.10")
    path = own_certificate(node.settings.data_dir / KEYS)
    certificate = await asyncio.to_thread(subject_of, node.addresses.http, path)
    assert ("IP Address", "192.0.2.10") in certificate["subjectAltName"]


async def test_off_loopback_credentials_count_over_https_only(started):
    node = await started(host="0.0.0.0", secret="sesame-of-mine")
    user = {
        "Authorization": "Basic " + base64.b64encode(b"301%3A0.NA/88.900:sesame-of-mine").decode()
    }
    trust = trusting(own_certificate(node.settings.data_dir / KEYS))
    path = "/api/handles/88.900.1/over-tls"
    async with aiohttp.ClientSession(url_of(node.addresses.http)) as session:
        async with session.put(path, json=RECORD, headers=user) as answer:
            assert answer.status == 403
            assert await answer.json() == {"responseCode": 402, "handle": "88.900.1/over-tls"}
        async with session.post("/api/sessions", headers=user) as answer:
            assert (answer.status, await answer.read()) == (403, b"")
    async with (
        aiohttp.ClientSession(url_of(node.addresses.http, "https")) as session,
        session.put(path, json=RECORD, headers=user, ssl=trust) as answer,
    ):
        assert answer.status == 201


def test_the_ready_file_says_where_https_is(served):
    node = served()
    assert node.ready["https"] == node.ready["http"].replace("http:", "https:")
    assert "https.certificate.pem" in node.output.text


def test_commands_reach_it_with_the_certificate_file(served):
    node = served()
    file = own_certificate(node.data_dir / KEYS)
    there = ("--server", node.ready["https"], "--ca-file", file)
    registered = node.run("register", "88.900.1/by-command", "URL=https://example.org/", *there)
    assert registered.stdout == "88.900.1/by-command registered\n", registered.stderr
    resolved = node.run("resolve", "88.900.1/by-command", "--transport", "http", *there)
    assert "https://example.org/" in resolved.stdout
    assert "88.900.1/by-command" in node.run("list", "88.900.1", *there).stdout
    doubted = node.run("list", "88.900.1", "--server", node.ready["https"])
    assert doubted.returncode == 1
    assert doubted.stderr.startswith("idnode: No connection to https://")
    assert doubted.stderr.count("\n") == 1
    absent = node.run("list", "88.900.1", "--server", node.ready["https"], "--ca-file", "/absent")
    assert absent.stderr.startswith("idnode: --server, --ca-file: /absent holds no certificate")
