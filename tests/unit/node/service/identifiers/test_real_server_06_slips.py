"""Nobody destroys a node by a slip.

A slashless name means its prefix handle for reading only. No change takes the home from identifiers, nor the last key
from the node's administrators; these may always repair a prefix handle.
"""

import pytest

from idnode.node.service.errors import InsufficientPermission, NotResponsible
from idnode.registry.errors import HandleNotFound

URL = (1, b"URL", b"x")
ENTERPRISE = b"0.NA/88.900.1"


async def test_6_slashless_names_are_for_reading_only(service, packed):
    registrar = service.registrar
    before = service.register.lookup(b"0.NA/88.900").values
    for name in (b"88.900", b"88.900.1", b"88.900.77"):
        for change in (
            registrar.create(service.admin, name, packed(URL), overwrite=True),
            registrar.add(service.admin, name, packed(URL)),
            registrar.modify(service.admin, name, packed(URL)),
            registrar.remove(service.admin, name, (1,)),
        ):
            with pytest.raises(NotResponsible):
                await change
        with pytest.raises(HandleNotFound):
            await registrar.delete(service.admin, name)
    (outcome,) = await registrar.batch(service.admin, [(b"88.900", packed(URL))], overwrite=True)
    assert isinstance(outcome, NotResponsible)
    assert service.register.lookup(b"0.NA/88.900").values == before
    assert service.resolver.resolve(b"88.900") is not None


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
