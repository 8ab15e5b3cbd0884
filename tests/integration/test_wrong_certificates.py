"""HTTPS shows a certificate that does not fit while a fault says so, and clients that verify notice.

- Whoever trusts the node's certificate finds the name wrong, or the time over, and nothing else.
- Connections that were made before go on, plain HTTP and native answering know nothing of it, and afterwards all is well.
- The schedule counts connections; a strike is told in the metric and in the fault itself, and dry runs find none.
- It can have no match, and no request asks for it: there is none yet.
- With a certificate of the operator's it is no client's either.
"""

import asyncio
import http.client
import ssl

import pytest

from idnode.node.data_directory import KEYS
from idnode.node.first_start.certificate import load_or_make, own_certificate
from idnode.node.interceptors.faults.fault import FaultsInvalid, read_faults
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.registry.handle.clock import SystemClock

PATH = "/api/handles/88.900.1/hello"
PATIENCE = 20


def fault(wrong="name", **more):
    return {"name": "tls", "action": {"kind": "certificate", "wrong": wrong}, **more}


class Client:
    """A client of HTTPS that trusts the node's certificate and nothing else, and verifies."""

    def __init__(self, node, trusted=None):
        file = trusted or own_certificate(node.settings.data_dir / KEYS)
        self._address = node.addresses.http
        self._trust = ssl.create_default_context(cafile=file)

    def connected(self):
        made = http.client.HTTPSConnection(*self._address, timeout=PATIENCE, context=self._trust)
        made.connect()
        return made

    @staticmethod
    def asked(connection, headers=None):
        connection.request("GET", PATH, headers=headers or {})
        answer = connection.getresponse()
        answer.read()
        return answer

    async def ask(self):
        def work():
            connection = self.connected()
            try:
                return self.asked(connection).status
            finally:
                connection.close()

        return await asyncio.to_thread(work)

    async def refusal(self):
        with pytest.raises(ssl.SSLCertVerificationError) as refused:
            await self.ask()
        return refused.value.verify_message


@pytest.fixture
def client(node):
    return Client(node)


@pytest.fixture
def faults(node):
    yield node.observation.faults
    node.observation.faults.replace(())


@pytest.mark.parametrize(
    ("trap", "words"),
    [
        ("tls-certificate-mismatch", "IP address mismatch"),
        ("tls-certificate-expired", "certificate has expired"),
    ],
)
async def test_a_client_that_verifies_finds_what_is_wrong(node, client, faults, trap, words):
    before = await asyncio.to_thread(client.connected)
    plain = node.interceptors.sees_plain_successes
    assert faults.switch(trap, on=True) is not None
    assert words in await client.refusal()
    assert node.interceptors.sees_plain_successes is plain
    answer = await asyncio.to_thread(client.asked, before)
    assert (answer.status, answer.getheader("X-Idnode-Fault")) == (200, None)
    before.close()
    faults.switch(trap, on=False)
    assert await client.ask() == 200


async def test_the_schedule_counts_connections(node, client, faults):
    faults.replace(read_faults([fault(when={"skip": 1, "next": 1})]))
    struck = node.observation.injector.struck["tls"]
    assert await client.ask() == 200
    await client.refusal()
    assert await client.ask() == 200
    assert node.observation.injector.struck["tls"] == struck + 1
    assert faults.schedule_of("tls").matched == 3


async def test_no_request_is_struck(node, client, faults):
    faults.add(read_faults([fault(on=False)]))
    connection = await asyncio.to_thread(client.connected)
    answer = await asyncio.to_thread(client.asked, connection, {"X-Idnode-Fault": "tls"})
    assert (answer.status, answer.getheader("X-Idnode-Fault")) == (200, None)
    connection.close()
    assert "tls" not in node.observation.injector.struck
    (row,) = faults.dry_run(read_faults([fault()]), node.observation.journal.ring)
    assert (row.matched, row.struck) == (0, [])


@pytest.mark.parametrize("more", [{"match": {"face": "snms"}}, {"by_header": True}])
def test_it_has_no_match(more):
    with pytest.raises(FaultsInvalid, match="comes before there is a request"):
        read_faults([fault(**more)])


async def test_an_operators_certificate_is_replaced_as_well(tmp_path):
    files = load_or_make(tmp_path / "mine", [], SystemClock().now())
    node = Node(
        Settings(
            data_dir=tmp_path / "data",
            **dict.fromkeys(("handle_port", "http_port", "admin_port"), 0),
            tls_certificate=files.certificate,
            tls_key=files.key,
        ),
        seed=1,
    )
    await node.start()
    try:
        client = Client(node, files.certificate)
        assert await client.ask() == 200
        node.observation.faults.replace(read_faults([fault("expired")]))
        assert await client.refusal()
    finally:
        await node.stop()
