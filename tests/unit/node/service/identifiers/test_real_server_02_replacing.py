"""A record's own administrators may replace it whole, as the real server decides it.

It takes the rights to what changes, or to appoint administrators, or to delete and create anew; values that stay as
they are take none, and a replacement that changes nothing is taken from anybody.
"""

import pytest

from idnode.node.service.errors import InvalidAdministrator
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.handle.types.hs_admin import Right

CUP = b"88.900.1/cup"
USER = Identity(b"88.900.1/user", 301)
URL = (1, b"URL", b"x")


@pytest.mark.parametrize(
    ("permissions", "taken"),
    [
        (0b000001110010, True),
        (0b001000000000, True),
        (0b000000010000, False),
        (0b000000000010, False),
        (0b000000000001, False),
    ],
)
async def test_2_a_whole_record_is_replaced_by_the_rights_to_what_changes(
    service, packed, put, stored, admin_value, permissions, taken
):
    await put(CUP, URL, (2, b"DESC", b"goes"), admin_value(permissions))
    coming = packed((1, b"URL", b"changed"), (3, b"DESC", b"comes"), admin_value(permissions))
    if taken:
        assert (await service.registrar.create(USER, CUP, coming, overwrite=True)).replaced
        assert [value.index for value in stored()] == [1, 3, 100]
    else:
        with pytest.raises(InvalidAdministrator):
            await service.registrar.create(USER, CUP, coming, overwrite=True)


async def test_2_who_may_delete_and_create_anew_may_replace(service, packed, put, admin_value):
    prefix = service.enterprise
    await put(CUP, URL, admin_value(Right.DELETE_HANDLE, prefix))
    await service.registrar.create(prefix, CUP, packed((1, b"URL", b"new")), overwrite=True)


async def test_2_what_is_there_already_takes_no_right_and_stays_as_it_is(
    service, packed, put, admin_value
):
    await put(CUP, URL, admin_value(Right.ALL))
    before = service.register.lookup(CUP).values
    whole = packed(URL, admin_value(Right.ALL))
    assert (await service.registrar.put_values(service.stranger, CUP, packed(URL))).replaced
    assert (await service.registrar.create(service.stranger, CUP, whole, overwrite=True)).replaced
    assert service.register.lookup(CUP).values == before


async def test_2_giving_oneself_more_takes_the_right_to_appoint(service, packed, put, admin_value):
    every_value = 0b000001110010
    await put(CUP, URL, admin_value(every_value))
    for right in (Right.ADD_ADMIN, Right.LIST_HANDLES, 0b000010000000):
        more = packed(URL, admin_value(every_value | right))
        with pytest.raises(InvalidAdministrator):
            await service.registrar.create(USER, CUP, more, overwrite=True)


async def test_2_a_group_that_the_record_names_may_replace_it(service, packed, put, admin_value):
    group = Identity(b"88.900.1/team", 200)
    member = b"\0\0\0\1\0\0\0\x0d88.900.1/user\0\0\x01\x2d"
    await put(b"88.900.1/team", (200, b"HS_VLIST", member))
    await put(CUP, URL, admin_value(Right.ALL, group))
    await service.registrar.create(USER, CUP, packed((1, b"URL", b"new")), overwrite=True)
    assert (
        await service.registrar.create(USER, CUP, packed((1, b"URL", b"new")), overwrite=True)
    ).replaced
    with pytest.raises(InvalidAdministrator):  # it named nobody any more
        await service.registrar.create(USER, CUP, packed(URL), overwrite=True)
