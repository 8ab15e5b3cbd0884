"""Our clients administer a node over the binary protocol, whoever they are and however they prove it.

Keys of RSA, elliptic curves and SM2 are made by the openssl program; logins, sessions and encrypted sessions go
through both socket clients.
"""

import asyncio
import contextlib
import subprocess

import pytest

from idnode.clients import aio, blocking
from idnode.clients import dialogues as talk
from idnode.clients.errors import (
    AuthenticationFailed,
    HandleExists,
    HandleNotFound,
    InvalidAdministrator,
    Referral,
    Refused,
    SessionFailed,
    ValueExists,
    ValuesNotFound,
)
from idnode.clients.identity import KeyIdentity, SecretIdentity
from idnode.node.runtime import Node
from idnode.node.service.identifiers.credentials import Identity
from idnode.node.settings import Settings
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.types.hs_admin import AdminValue, encode_admin
from idnode.registry.handle.values import pack
from idnode.registry.handle.wire.administration import encode_record

ADMIN = SecretIdentity(b"0.NA/88.900", 301, b"idnode-demo")
URL = HandleValue(1, "URL", b"https://example.org/1")
EMAIL = HandleValue(2, "EMAIL", b"a@example.org")


@pytest.fixture
def do(node):
    """Return a function that has a dialogue carried out by the blocking client."""
    client = blocking.Client(node.addresses.handle_tcp)

    async def do(dialogue):
        return await asyncio.to_thread(client.do, dialogue)

    do.client = client
    yield do
    client.close()


@pytest.fixture
async def connected(node):
    async with aio.Client(node.addresses.handle_tcp, connections_max=1) as client:
        yield client


@pytest.fixture(params=["challenge", "session", "encrypted"])
async def administrator(request, do):
    """The node's administrator: proven anew for each request, or behind a session."""
    found = talk.Administrator(ADMIN)
    if request.param != "challenge":
        await do(talk.open_session(found, encrypted=request.param == "encrypted"))
    return found


async def test_a_record_lives_its_whole_life(do, administrator):
    made = await do(talk.create(administrator, "88.900.1/life", [URL]))
    assert (made.handle, made.replaced) == (b"88.900.1/life", False)
    with pytest.raises(HandleExists):
        await do(talk.create(administrator, "88.900.1/life", [URL]))
    assert (await do(talk.create(administrator, "88.900.1/life", [URL], overwrite=True))).replaced
    await do(talk.add_values(administrator, "88.900.1/life", [EMAIL]))
    with pytest.raises(ValueExists):
        await do(talk.add_values(administrator, "88.900.1/life", [EMAIL]))
    changed = HandleValue(1, "URL", b"https://example.org/2")
    await do(talk.modify_values(administrator, "88.900.1/life", [changed]))
    answer = await asyncio.to_thread(do.client.resolve, "88.900.1/life")
    assert [value.data for value in answer.values] == [b"https://example.org/2", b"a@example.org"]
    await do(talk.remove_values(administrator, "88.900.1/life", [2]))
    with pytest.raises(ValuesNotFound):
        await do(talk.remove_values(administrator, "88.900.1/life", [2]))
    await do(talk.delete(administrator, "88.900.1/life"))
    with pytest.raises(HandleNotFound):
        await do(talk.delete(administrator, "88.900.1/life"))
    await do(talk.close_session(administrator))


async def test_a_minted_handle_keeps_what_was_asked_in_front(do, administrator):
    made = await do(talk.create(administrator, "88.900.1/cup-", [URL], mint=True))
    assert made.handle.startswith(b"88.900.1/cup-")
    assert len(made.handle) == len(b"88.900.1/cup-") + 36


async def test_long_lists_come_whole(do, administrator, node):
    for number in range(120):
        await node.services.registrar.create(
            Identity(b"0.NA/88.900", 301), b"88.900.1/list-%03d" % number, bytes(4)
        )
    listed = await do(talk.list_handles(administrator, "88.900.1"))
    assert len(listed) == len(set(listed)) == 121  # and hello
    assert await do(talk.list_prefixes(administrator)) == [b"0.NA/88.900", b"0.NA/88.900.1"]


async def test_prefixes_are_homed_and_given_up(do, administrator):
    await do(talk.home_prefix(administrator, "88.900.9"))
    await do(talk.create(administrator, "88.900.9/x", [URL]))
    await do(talk.unhome_prefix(administrator, "88.900.9"))
    with pytest.raises(Refused) as refused:
        await asyncio.to_thread(do.client.resolve, "88.900.9/x")
    assert refused.value.response_code == 301


async def test_the_wrong_secret_and_the_wrong_person_are_refused(do):
    wrong = talk.Administrator(SecretIdentity(b"0.NA/88.900", 301, b"idnode-demi"))
    with pytest.raises(AuthenticationFailed):
        await do(talk.create(wrong, "88.900.1/x", [URL]))
    nobody = talk.Administrator(SecretIdentity(b"88.900.1/nobody", 301, b"idnode-demo"))
    with pytest.raises(InvalidAdministrator):
        await do(talk.create(nobody, "88.900.1/x", [URL]))
    with pytest.raises(HandleNotFound):
        await asyncio.to_thread(do.client.resolve, "88.900.1/x")


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, check=True)
    return done.stdout


KEYS = {
    "rsa": ("genrsa", "2048"),
    "rsa-pkcs8": ("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
    "p256": ("ecparam", "-name", "prime256v1", "-genkey", "-noout"),
    "p384": ("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
    "sm2": ("ecparam", "-name", "SM2", "-genkey", "-noout"),
    "sm2-pkcs8": ("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"),
}


@pytest.mark.parametrize("kind", KEYS)
async def test_keys_made_by_openssl_prove_their_owner(node, connected, tmp_path, kind):
    path = tmp_path / "key.pem"
    path.write_bytes(openssl(*KEYS[kind]))
    public = openssl("pkey", "-in", str(path), "-pubout")
    admin = HandleValue(100, "HS_ADMIN", encode_admin(AdminValue(0xFFF, b"88.900.1/owner", 3)))
    key = HandleValue(3, "HS_PUBKEY", public)
    root = talk.Administrator(ADMIN)
    await connected.do(talk.create(root, "88.900.1/owner", [admin, key]))
    owner = KeyIdentity.from_pem(b"88.900.1/owner", 3, path.read_bytes())
    await connected.do(talk.log_in(owner))
    reply = await connected.ask(102, add_body(), transport="tcp")
    assert reply.messages[0].response_code == 1
    behind_session = talk.Administrator(owner)
    await connected.do(talk.open_session(behind_session, encrypted=True))
    await connected.do(talk.remove_values(behind_session, "88.900.1/owner", [1]))
    other = KeyIdentity.from_pem(b"88.900.1/owner", 3, openssl(*KEYS[kind]))
    with pytest.raises(AuthenticationFailed):
        await connected.do(talk.log_in(other))


def add_body():
    return encode_record(b"88.900.1/owner", pack([URL]))


async def test_a_login_lasts_as_long_as_its_connection(node, connected):
    body = add_body()
    await connected.do(talk.log_in_with_password("0.NA/88.900", b"idnode-demo"))
    reply = await connected.ask(102, body, transport="tcp")
    assert reply.messages[0].response_code == 100
    async with aio.Client(node.addresses.handle_tcp) as stranger:
        reply = await stranger.ask(101, body, transport="tcp")
        assert reply.messages[0].response_code == 402
    with pytest.raises(AuthenticationFailed):
        await connected.do(talk.log_in_with_password("0.NA/88.900", b"no"))


async def test_a_session_that_was_closed_is_dead(connected):
    administrator = talk.Administrator(ADMIN)
    session = await connected.do(talk.open_session(administrator))
    await connected.do(talk.create(administrator, "88.900.1/a", [URL]))
    await connected.do(talk.close_session(administrator))
    administrator.session = session
    with pytest.raises(SessionFailed) as refused:
        await connected.do(talk.create(administrator, "88.900.1/b", [URL]))
    assert refused.value.response_code == 500


async def test_who_proves_nothing_is_challenged(connected):
    reply = await connected.ask(101, add_body(), transport="tcp")
    assert reply.messages[0].response_code == 402


async def test_a_referral_leads_to_the_server_that_has_the_handle(node, tmp_path, connected):
    async with another_node(tmp_path / "enterprise") as elsewhere:
        await elsewhere.services.authority.decide(b"88.900.5", here=True)
        root = Identity(b"0.NA/88.900", 301)
        await elsewhere.services.registrar.create(root, b"88.900.5/cup", pack([URL]))
        record = [HandleValue(1, "HS_SITE", elsewhere.services.site.site)]
        await node.services.registrar.create(root, b"0.NA/88.900.5", pack(record))
        with pytest.raises(Referral) as referral:
            await connected.resolve("88.900.5/cup")
        assert referral.value.response_code == 302
        answer = await connected.resolve("88.900.5/cup", follow=True)
        assert answer.values[0].data == URL.data
        client = blocking.Client(node.addresses.handle_tcp)
        answer = await asyncio.to_thread(client.resolve, "88.900.5/cup", follow=True)
        assert answer.values[0].data == URL.data
        client.close()


@contextlib.asynccontextmanager
async def another_node(folder):
    settings = Settings(data_dir=folder, handle_port=0, http_port=0, admin_port=0)
    started = Node(settings, seed=2)
    await started.start()
    yield started
    await started.stop()
