"""No change takes the home from identifiers, nor the last key from the node's administrators.

These may always repair a prefix handle. A key is one that somebody can prove to have: an empty secret, or a public key
that cannot be read, is none.
"""

import pytest

from idnode.node.service.errors import InsufficientPermission, NotResponsible
from idnode.registry.handle.types.hs_admin import AdminValue, encode_admin

URL = (1, b"URL", b"x")
NODE = b"0.NA/88.900"
ENTERPRISE = b"0.NA/88.900.1"


@pytest.mark.parametrize("who", ["admin", "enterprise"])
async def test_7_no_change_takes_the_home_from_identifiers(service, packed, put, who):
    await put(b"88.900.1/x", URL)
    identity, registrar = getattr(service, who), service.registrar
    for change in (
        registrar.create(identity, ENTERPRISE, packed(URL), overwrite=True),
        registrar.delete(identity, ENTERPRISE),
        registrar.remove(identity, ENTERPRISE, (100,)),
        registrar.modify(identity, ENTERPRISE, packed((100, b"URL", b"x"))),
    ):
        with pytest.raises(InsufficientPermission):
            await change
    (outcome,) = await registrar.batch(identity, [(ENTERPRISE, packed(URL))], overwrite=True)
    assert isinstance(outcome, InsufficientPermission)
    assert service.resolver.resolve(b"88.900.1/x")


async def test_7_the_nodes_administrators_keep_a_key(service, packed):
    own = service.register.lookup(b"0.NA/88.900").values
    with pytest.raises(InsufficientPermission):
        await service.registrar.remove(service.admin, b"0.NA/88.900", (300, 301))
    with pytest.raises(InsufficientPermission):
        await service.registrar.delete(service.admin, b"0.NA/88.900")
    assert service.register.lookup(b"0.NA/88.900").values == own


async def test_7_a_prefix_without_identifiers_may_go(service):
    await service.registrar.delete(service.admin, ENTERPRISE)


async def test_7_the_nodes_administrators_may_repair_a_prefix_handle(service, packed, put):
    await put(b"0.NA/10.7", URL)
    admin = (100, b"HS_ADMIN", b"\x0f\xff\0\0\0\x090.NA/10.7\0\0\0\xc8")
    await service.registrar.put_values(service.admin, b"0.NA/10.7", packed(admin))
    assert service.authority.responsible(b"10.7")
    with pytest.raises(NotResponsible):
        await service.registrar.create(service.admin, b"0.NA/10.8", packed(URL))


UNUSABLE = {
    "no public key": [(300, b"HS_PUBKEY", b"x")],
    "an empty one": [(300, b"HS_PUBKEY", b"")],
    "an unfinished one": [(300, b"HS_PUBKEY", b"\0\0\0\x0bRSA_PUB_KEY\0\0\0\0\0\3\1\0\1")],
    "PEM without a key": [(300, b"HS_PUBKEY", b"-----BEGIN PUBLIC KEY-----\n")],
    "an empty secret": [(301, b"HS_SECKEY", b"")],
    "both": [(300, b"hs_pubkey", b"x"), (301, b"hs_seckey", b"")],
    "a secret elsewhere": [(302, b"HS_SECKEY", b"s")],
    "another type": [(301, b"URL", b"idnode-demo")],
}


@pytest.mark.parametrize("left", UNUSABLE.values(), ids=UNUSABLE.keys())
async def test_7_a_key_that_nobody_can_prove_is_none(service, packed, left):
    before = service.register.lookup(NODE).values
    own = (100, b"HS_ADMIN", encode_admin(AdminValue(0x0FFF, NODE, 301)))
    registrar = service.registrar
    with pytest.raises(InsufficientPermission):
        await registrar.create(service.admin, NODE, packed(own, *left), overwrite=True)
    if {each[0] for each in left} == {300, 301}:
        with pytest.raises(InsufficientPermission):
            await registrar.put_values(service.admin, NODE, packed(*left))
        with pytest.raises(InsufficientPermission):
            await registrar.modify(service.admin, NODE, packed(*left))
    assert service.register.lookup(NODE).values == before


async def test_7_one_key_that_is_one_is_enough(service, packed):
    own = (100, b"HS_ADMIN", encode_admin(AdminValue(0x0FFF, NODE, 301)))
    kept = [own, (300, b"HS_PUBKEY", b"x"), (301, b"HS_SECKEY", b"another")]
    await service.registrar.create(service.admin, NODE, packed(*kept), overwrite=True)
    assert service.credentials.verify_secret(service.admin, b"another") == service.admin


@pytest.mark.parametrize("data", [b"", b"x", b"\0\0\0\0\0\0\0\0\0\0"])
async def test_7_the_nodes_administrators_repair_what_names_nobody(service, packed, put, data):
    await put(b"88.900.1/x", URL)
    await service.registrar.create(
        service.enterprise, ENTERPRISE, packed((100, b"HS_ADMIN", data)), overwrite=True
    )
    assert service.resolver.resolve(b"88.900.1/x")
    own = (100, b"HS_ADMIN", encode_admin(AdminValue(0x0FFF, ENTERPRISE, 200)))
    await service.registrar.create(service.admin, ENTERPRISE, packed(own), overwrite=True)
    await service.registrar.create(service.admin, b"88.900.1/y", packed(URL))
