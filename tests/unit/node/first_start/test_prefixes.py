"""The first start lays two prefix handles as clients count on them; later ones keep what was changed."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idnode.node.first_start.prefixes import Addresses, prepare_prefixes
from idnode.node.service.errors import AuthenticationFailed
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.handle import values
from idnode.registry.handle.types.hs_admin import Right, decode_admin
from idnode.registry.handle.types.hs_pubkey import decode_public_key
from idnode.registry.handle.types.hs_site import decode_site
from idnode.registry.handle.types.hs_vlist import decode_vlist
from idnode.registry.handle.wire.constants import InterfaceType, Transport
from idnode.registry.mutation import Delete

HOME = Addresses("127.0.0.1", 2641, 2642)


def values_of(service, handle):
    packed = service.register.lookup(handle).values
    return {value.index: value for value in values.unpack(packed)}


@pytest.fixture
def start_again(service, keys):
    async def start_again(addresses=HOME, secret=b"idnode-demo", *, keep_secret=False):
        return await prepare_prefixes(
            service.register,
            service.clock,
            keys=keys,
            prefix=b"88.900",
            secret=secret,
            addresses=addresses,
            keep_secret=keep_secret,
        )

    return start_again


@pytest.mark.parametrize("prefix", [b"88.900", b"88.900.1"])
async def test_a_prefix_handle_follows_the_convention(service, prefix):
    record = values_of(service, b"0.NA/" + prefix)
    assert {index: value.type for index, value in record.items()} == {
        1: "HS_SITE",
        100: "HS_ADMIN",
        200: "HS_VLIST",
        300: "HS_PUBKEY",
        301: "HS_SECKEY",
    }
    admin = decode_admin(record[100].data)
    assert (admin.permissions, admin.handle, admin.index) == (Right.ALL, b"0.NA/" + prefix, 200)
    decode_public_key(record[300].data)
    assert record[301].permissions == 0x0C
    assert record[1].timestamp == 1_800_000_000


async def test_the_node_administers_the_enterprise_and_not_the_other_way(service):
    def members(prefix):
        vlist = decode_vlist(values_of(service, b"0.NA/" + prefix)[200].data)
        return {(member.index, member.handle) for member in vlist}

    node = {(301, b"0.NA/88.900"), (300, b"0.NA/88.900")}
    assert members(b"88.900") == node
    assert members(b"88.900.1") == node | {(301, b"0.NA/88.900.1"), (300, b"0.NA/88.900.1")}


async def test_the_site_lists_tcp_first_and_udp_for_queries_only(service):
    site = decode_site(values_of(service, b"0.NA/88.900")[1].data)
    (server,) = site.servers
    assert server.host == "127.0.0.1"
    assert [(each.transport, each.type, each.port) for each in server.interfaces] == [
        (Transport.TCP, InterfaceType.BOTH, 2641),
        (Transport.UDP, InterfaceType.QUERY, 2642),
    ]
    assert site.primary
    assert values_of(service, b"0.NA/88.900")[1].data == service.site.site


async def test_the_signing_key_belongs_to_the_public_key_in_site_and_record(service):
    def public(key):
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    own = public(service.site.signing_key.public_key())
    record = values_of(service, b"0.NA/88.900")
    assert public(decode_public_key(record[300].data)) == own
    assert public(decode_public_key(decode_site(record[1].data).servers[0].public_key)) == own


async def test_starting_again_at_the_same_addresses_changes_nothing(service, start_again):
    before = service.register.lookup(b"0.NA/88.900.1")
    again = await start_again()
    assert service.register.lookup(b"0.NA/88.900.1") == before
    assert (again.site, again.site_serial) == (service.site.site, 1)


async def test_new_addresses_get_into_every_prefix_handle_with_a_new_serial(
    service, start_again, put
):
    await put(b"0.NA/88.900.2", (1, b"HS_SITE", service.site.site), (100, b"HS_ADMIN", b"x"))
    await put(b"0.NA/88.900.3", (1, b"HS_SITE", b"elsewhere"), (100, b"HS_ADMIN", b"x"))
    moved = await start_again(Addresses("192.0.2.7", 9000, 9001))
    assert moved.site_serial == 2
    assert decode_site(moved.site).servers[0].host == "192.0.2.7"
    for prefix in (b"88.900", b"88.900.1", b"88.900.2"):
        assert values_of(service, b"0.NA/" + prefix)[1].data == moved.site
    assert values_of(service, b"0.NA/88.900.3")[1].data == b"elsewhere"


async def test_what_was_deleted_stays_deleted_except_the_nodes_own_site(service, start_again):
    await service.register.submit([Delete(b"0.NA/88.900.1")])
    await service.registrar.remove(service.admin, b"0.NA/88.900", (1, 300))
    await start_again()
    assert service.register.lookup(b"0.NA/88.900.1") is None
    assert set(values_of(service, b"0.NA/88.900")) == {1, 100, 200, 301}


async def test_a_broken_site_record_is_replaced(service, start_again, packed):
    await service.registrar.modify(service.admin, b"0.NA/88.900", packed((1, b"HS_SITE", b"junk")))
    again = await start_again()
    assert values_of(service, b"0.NA/88.900")[1].data == again.site


async def test_a_new_secret_replaces_the_shared_one(service, start_again):
    await start_again(secret=b"mine")
    for identity in (service.admin, service.enterprise):
        service.credentials.verify_secret(identity, b"mine")
        with pytest.raises(AuthenticationFailed):
            service.credentials.verify_secret(identity, b"idnode-demo")


async def test_a_secret_of_the_enterprises_own_stays(service, start_again, packed):
    await service.registrar.modify(
        service.enterprise, b"0.NA/88.900.1", packed((301, b"HS_SECKEY", b"own", 0x0C))
    )
    await start_again(secret=b"mine")
    service.credentials.verify_secret(Identity(b"0.NA/88.900.1", 301), b"own")


async def test_a_changed_secret_is_not_set_back_when_it_is_to_be_kept(service, start_again, packed):
    await service.registrar.modify(
        service.admin, b"0.NA/88.900", packed((301, b"HS_SECKEY", b"changed", 0x0C))
    )
    await start_again(keep_secret=True)
    service.credentials.verify_secret(service.admin, b"changed")
