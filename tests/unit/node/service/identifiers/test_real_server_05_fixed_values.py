"""A value with permissions 0000 may be removed by whom the record names, and modified by nobody."""

import pytest

from idnode.node.service.errors import InsufficientPermission, InvalidAdministrator
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.handle.types.hs_admin import Right

CUP = b"88.900.1/cup"
USER = Identity(b"88.900.1/user", 301)
URL = (1, b"URL", b"x")


async def test_5_a_value_that_may_not_be_written_may_be_removed(
    service, packed, put, stored, admin_value
):
    await put(CUP, (1, b"URL", b"x", 0x00), admin_value(Right.ALL))
    with pytest.raises(InsufficientPermission):
        await service.registrar.modify(USER, CUP, packed((1, b"URL", b"y")))
    await service.registrar.remove(USER, CUP, (1,))
    assert [value.index for value in stored()] == [100]


@pytest.mark.parametrize("permissions", [0x00, 0x08, 0x0A, 0x02])
async def test_5_whatever_administrators_may_not_write_may_go(
    service, packed, put, stored, admin_value, permissions
):
    await put(CUP, (1, b"URL", b"x", permissions), (2, b"URL", b"z"), admin_value(Right.ALL))
    for who in (USER, service.admin):
        for change in (
            service.registrar.modify(who, CUP, packed((1, b"URL", b"y"))),
            service.registrar.put_values(who, CUP, packed((1, b"URL", b"y"))),
        ):
            with pytest.raises(InsufficientPermission):
                await change
    await service.registrar.remove(USER, CUP, (1, 2))
    assert [value.index for value in stored()] == [100]


async def test_5_removing_it_takes_the_right_to_remove(service, put, admin_value):
    await put(CUP, (1, b"URL", b"x", 0x00), admin_value(Right.ALL & ~Right.REMOVE_VALUE))
    with pytest.raises(InvalidAdministrator):
        await service.registrar.remove(USER, CUP, (1,))
