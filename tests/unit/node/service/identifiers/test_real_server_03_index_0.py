"""An identity with index 0, or without one, administers nothing, whoever it proves to be."""

import pytest

from idnode.node.service.errors import InvalidAdministrator
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.handle.types.hs_admin import Right

CUP = b"88.900.1/cup"
USER = Identity(b"88.900.1/user", 301)
URL = (1, b"URL", b"x")


@pytest.mark.parametrize("handle", [b"0.NA/88.900.1", b"0.NA/88.900"])
async def test_3_an_identity_with_index_0_is_no_administrator(service, packed, handle):
    proven = service.credentials.verify_secret(Identity(handle, 0), b"idnode-demo")
    with pytest.raises(InvalidAdministrator):
        await service.registrar.create(proven, CUP, packed(URL))
    with pytest.raises(InvalidAdministrator):
        await service.registrar.list_handles(proven, b"88.900.1")


@pytest.mark.parametrize("named", [0, 301])
async def test_3_nor_where_a_record_names_every_key_of_its_handle(
    service, packed, put, admin_value, named
):
    await put(CUP, URL, admin_value(Right.ALL, Identity(USER.handle, named)))
    keyless = Identity(USER.handle, 0)
    for change in (
        service.registrar.modify(keyless, CUP, packed((1, b"URL", b"y"))),
        service.registrar.remove(keyless, CUP, (1,)),
        service.registrar.delete(keyless, CUP),
        service.registrar.create(keyless, CUP, packed((1, b"URL", b"y")), overwrite=True),
    ):
        with pytest.raises(InvalidAdministrator):
            await change
    assert not service.permissions.allows(keyless, Right.READ_VALUE, CUP)
    await service.registrar.delete(USER, CUP)


async def test_3_a_negative_index_is_no_key_either(service, packed, put, admin_value):
    await put(CUP, URL, admin_value(Right.ALL))
    with pytest.raises(InvalidAdministrator):
        await service.registrar.delete(Identity(USER.handle, -301), CUP)
