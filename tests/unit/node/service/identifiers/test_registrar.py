"""Administration: the order of checks, the rights each change takes, the node's own dates."""

import re

import pytest

from idnode.node.service.errors import (
    AuthenticationNeeded,
    InsufficientPermission,
    InvalidAdministrator,
    NotResponsible,
)
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.errors import HandleExists, HandleNotFound, ValuesNotFound
from idnode.registry.handle import values
from idnode.registry.handle.errors import IndexConflict, IndexNotPositive, InvalidHandle
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin

CUP = b"88.900.1/cup"
USER = Identity(b"88.900.1/user", 301)
OWNED = (100, b"HS_ADMIN", encode_admin(AdminValue(Right.ALL, b"0.NA/88.900.1", 200)))


@pytest.fixture
def stored(service):
    """Return what the register holds for a handle."""
    return lambda handle=CUP: values.unpack(service.register.lookup(handle).values)


@pytest.fixture
def url(packed):
    return packed((1, b"URL", b"https://example.org"), OWNED)


async def test_a_created_record_is_dated_by_the_node(service, url, stored):
    created = await service.registrar.create(service.enterprise, CUP, url)
    assert (created.handle, created.replaced) == (CUP, False)
    assert stored()[0].timestamp == 1_800_000_000


async def test_creating_again_needs_overwrite_and_says_that_it_replaced(
    service, url, packed, stored
):
    await service.registrar.create(service.enterprise, CUP, url)
    with pytest.raises(HandleExists):
        await service.registrar.create(service.enterprise, CUP.upper(), url)
    again = await service.registrar.create(
        service.enterprise, CUP, packed((7, b"DESC", b"new")), overwrite=True
    )
    assert again.replaced
    assert [value.index for value in stored()] == [7]


async def test_existence_is_told_before_authentication_is_asked(service, url):
    await service.registrar.create(service.enterprise, CUP, url)
    with pytest.raises(HandleExists):
        await service.registrar.create(None, CUP, url)


async def test_values_are_judged_before_existence_and_the_prefix_before_both(service, url, packed):
    await service.registrar.create(service.enterprise, CUP, url)
    double = packed((1, b"URL", b"x"), (1, b"URL", b"y"))
    with pytest.raises(IndexConflict):
        await service.registrar.create(None, CUP, double)
    with pytest.raises(IndexNotPositive):
        await service.registrar.create(None, CUP, packed((0, b"URL", b"x")))
    with pytest.raises(NotResponsible):
        await service.registrar.create(None, b"10.1/x", double)


async def test_strangers_and_nobody_create_nothing(service, url):
    with pytest.raises(AuthenticationNeeded):
        await service.registrar.create(None, CUP, url)
    with pytest.raises(InvalidAdministrator):
        await service.registrar.create(service.stranger, CUP, url)
    assert service.register.lookup(CUP) is None


async def test_overwriting_takes_rights_on_the_record(service, url, put, packed):
    admin = encode_admin(AdminValue(Right.ADD_HANDLE, USER.handle, USER.index))
    await put(b"0.NA/88.900.3", (100, b"HS_ADMIN", admin))
    await service.registrar.create(USER, b"88.900.3/x", url)
    other = packed((1, b"URL", b"other"), OWNED)
    with pytest.raises(InvalidAdministrator):
        await service.registrar.create(USER, b"88.900.3/x", other, overwrite=True)


@pytest.mark.parametrize("handle", [b"88.900.1/\xff", b"88.900.1/" + b"x" * 2048])
async def test_what_is_no_handle_is_refused(service, url, handle):
    with pytest.raises(InvalidHandle):
        await service.registrar.create(service.enterprise, handle, url)


async def test_minting_appends_a_lower_case_uuid_to_any_start_of_a_suffix(service, url, stored):
    for start in (b"88.900.1/", b"88.900.1/pre-"):
        minted = await service.registrar.create(service.enterprise, start, url, mint=True)
        assert re.fullmatch(
            re.escape(start) + rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", minted.handle
        )
        assert stored(minted.handle)


async def test_a_slashless_name_creates_nothing(service, url):
    with pytest.raises(NotResponsible):
        await service.registrar.create(service.admin, b"88.900.5", url)


async def test_deleting_asks_who_is_there_before_it_tells_of_existence(service, url):
    with pytest.raises(AuthenticationNeeded):
        await service.registrar.delete(None, CUP)
    with pytest.raises(HandleNotFound):
        await service.registrar.delete(service.enterprise, CUP)
    await service.registrar.create(service.enterprise, CUP, url)
    with pytest.raises(InvalidAdministrator):
        await service.registrar.delete(service.stranger, CUP)
    await service.registrar.delete(service.enterprise, CUP)
    assert service.register.lookup(CUP) is None


async def test_adding_keeps_what_is_there_and_refuses_taken_indexes(service, url, packed, stored):
    await service.registrar.create(service.enterprise, CUP, url)
    await service.registrar.add(service.enterprise, CUP, packed((2, b"DESC", b"cup")))
    assert [value.index for value in stored()] == [1, 2, 100]
    with pytest.raises(IndexConflict):
        await service.registrar.add(service.enterprise, CUP, packed((2, b"DESC", b"tea")))
    with pytest.raises(HandleNotFound):
        await service.registrar.add(service.enterprise, b"88.900.1/none", url)


async def test_putting_adds_and_replaces(service, url, packed, stored):
    await service.registrar.create(service.enterprise, CUP, url)
    put = await service.registrar.put_values(
        service.enterprise, CUP, packed((1, b"URL", b"new"), (2, b"DESC", b"cup"))
    )
    assert put.replaced
    assert [value.data for value in stored()] == [b"new", b"cup", OWNED[2]]
    added = await service.registrar.put_values(service.enterprise, CUP, packed((3, b"DESC", b"x")))
    assert not added.replaced


async def test_modifying_needs_every_index(service, url, packed, stored):
    await service.registrar.create(service.enterprise, CUP, url)
    await service.registrar.modify(service.enterprise, CUP, packed((1, b"URL", b"new")))
    assert stored()[0].data == b"new"
    with pytest.raises(ValuesNotFound):
        await service.registrar.modify(service.enterprise, CUP, packed((9, b"URL", b"new")))


async def test_removing_needs_every_index(service, packed, stored):
    await service.registrar.create(
        service.enterprise, CUP, packed((1, b"URL", b"x"), (2, b"URL", b"y"), OWNED)
    )
    with pytest.raises(ValuesNotFound):
        await service.registrar.remove(service.enterprise, CUP, (1, 9))
    await service.registrar.remove(service.enterprise, CUP, (1, 1))
    assert [value.index for value in stored()] == [2, 100]


async def test_admin_values_take_rights_of_their_own(service, packed, put):
    plain = Right.ADD_VALUE | Right.MODIFY_VALUE | Right.REMOVE_VALUE
    admin = encode_admin(AdminValue(plain, USER.handle, USER.index))
    await put(CUP, (1, b"URL", b"x"), (100, b"HS_ADMIN", admin))
    new_admin = (101, b"hs_admin", encode_admin(AdminValue(Right.ALL, USER.handle, USER.index)))
    await service.registrar.add(USER, CUP, packed((2, b"URL", b"y")))
    with pytest.raises(InvalidAdministrator):
        await service.registrar.add(USER, CUP, packed(new_admin))
    with pytest.raises(InvalidAdministrator):
        await service.registrar.put_values(USER, CUP, packed(new_admin))
    with pytest.raises(InvalidAdministrator):
        await service.registrar.modify(USER, CUP, packed((100, b"URL", b"was an admin")))
    with pytest.raises(InvalidAdministrator):
        await service.registrar.modify(USER, CUP, packed((1, *new_admin[1:])))
    with pytest.raises(InvalidAdministrator):
        await service.registrar.remove(USER, CUP, (100,))


async def test_values_that_administrators_may_not_write_stay(service, packed, put):
    await put(CUP, (1, b"URL", b"fixed", 0x0A), OWNED)
    for change in (
        service.registrar.modify(service.enterprise, CUP, packed((1, b"URL", b"x"))),
        service.registrar.put_values(service.enterprise, CUP, packed((1, b"URL", b"x"))),
    ):
        with pytest.raises(InsufficientPermission):
            await change
    with pytest.raises(InvalidAdministrator):
        await service.registrar.remove(service.stranger, CUP, (1,))
    await service.registrar.remove(service.enterprise, CUP, (1,))


async def test_listing_takes_its_right_and_both_forms_of_the_prefix(service, url):
    for suffix in (b"b", b"a", b"c"):
        await service.registrar.create(service.enterprise, b"88.900.1/" + suffix, url)
    page = await service.registrar.list_handles(service.enterprise, b"88.900.1", limit=2)
    assert page.handles == [b"88.900.1/a", b"88.900.1/b"]
    rest = await service.registrar.list_handles(
        service.enterprise, b"0.na/88.900.1", after=page.after
    )
    assert rest.handles == [b"88.900.1/c"]
    with pytest.raises(AuthenticationNeeded):
        await service.registrar.list_handles(None, b"88.900.1")
    with pytest.raises(InvalidAdministrator):
        await service.registrar.list_handles(service.stranger, b"88.900.1")
    with pytest.raises(NotResponsible):
        await service.registrar.list_handles(service.admin, b"10.1")
