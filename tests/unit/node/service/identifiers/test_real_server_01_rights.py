"""Who may change an existing record, and how strangers are told, as the real server decides it.

Only the record's own HS_ADMIN values and the node's administrators decide about an existing record; administrators of
the prefix create and list. A whole record is replaced by the rights to what changes; what does not change takes none.
An identity with index 0 administers nothing. Strangers are challenged before they are told what exists.
"""

import pytest

from idnode.node.service.errors import (
    AuthenticationNeeded,
    InsufficientPermission,
    InvalidAdministrator,
)
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.errors import HandleNotFound, ValuesNotFound
from idnode.registry.handle import values
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin

CUP = b"88.900.1/cup"
USER = Identity(b"88.900.1/user", 301)
URL = (1, b"URL", b"x")


def admin(permissions, who=USER):
    return (100, b"HS_ADMIN", encode_admin(AdminValue(permissions, who.handle, who.index)))


@pytest.fixture
def stored(service):
    return lambda: values.unpack(service.register.lookup(CUP).values)


async def test_1_administrators_of_the_prefix_change_nothing_that_exists(service, packed, stored):
    registrar, prefix = service.registrar, service.enterprise
    await registrar.create(prefix, CUP, packed(URL))
    changed = packed((1, b"URL", b"changed"))
    for change in (
        registrar.create(prefix, CUP, changed, overwrite=True),
        registrar.put_values(prefix, CUP, changed),
        registrar.put_values(prefix, CUP, packed((2, b"DESC", b"new"))),
        registrar.add(prefix, CUP, packed((2, b"DESC", b"new"))),
        registrar.modify(prefix, CUP, changed),
        registrar.remove(prefix, CUP, (1,)),
        registrar.delete(prefix, CUP),
    ):
        with pytest.raises(InvalidAdministrator):
            await change
    (outcome,) = await registrar.batch(prefix, [(CUP, changed)], overwrite=True)
    assert isinstance(outcome, InvalidAdministrator)
    assert [(value.index, value.data) for value in stored()] == [(1, b"x")]
    assert not service.permissions.allows(prefix, Right.READ_VALUE, CUP)


async def test_1_administrators_of_the_node_change_everything(service, packed):
    await service.registrar.create(service.enterprise, CUP, packed(URL))
    await service.registrar.modify(service.admin, CUP, packed((1, b"URL", b"changed")))
    await service.registrar.delete(service.admin, CUP)


async def test_1_the_record_names_the_prefix_if_its_maker_wants(service, packed, stored):
    own = (100, b"HS_ADMIN", encode_admin(AdminValue(Right.ALL, b"0.NA/88.900.1", 200)))
    await service.registrar.create(service.enterprise, CUP, packed(URL, own))
    await service.registrar.modify(service.enterprise, CUP, packed((1, b"URL", b"changed")))
    assert stored()[0].data == b"changed"


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
    service, packed, put, stored, permissions, taken
):
    await put(CUP, URL, (2, b"DESC", b"goes"), admin(permissions))
    coming = packed((1, b"URL", b"changed"), (3, b"DESC", b"comes"), admin(permissions))
    if taken:
        assert (await service.registrar.create(USER, CUP, coming, overwrite=True)).replaced
        assert [value.index for value in stored()] == [1, 3, 100]
    else:
        with pytest.raises(InvalidAdministrator):
            await service.registrar.create(USER, CUP, coming, overwrite=True)


async def test_2_who_may_delete_and_create_anew_may_replace(service, packed, put):
    prefix = service.enterprise
    await put(CUP, URL, admin(Right.DELETE_HANDLE, prefix))
    await service.registrar.create(prefix, CUP, packed((1, b"URL", b"new")), overwrite=True)


async def test_2_what_is_there_already_takes_no_right_and_stays_as_it_is(service, packed, put):
    await put(CUP, URL, admin(Right.ALL))
    before = service.register.lookup(CUP).values
    whole = packed(URL, admin(Right.ALL))
    assert (await service.registrar.put_values(service.stranger, CUP, packed(URL))).replaced
    assert (await service.registrar.create(service.stranger, CUP, whole, overwrite=True)).replaced
    assert service.register.lookup(CUP).values == before


@pytest.mark.parametrize("handle", [b"0.NA/88.900.1", b"0.NA/88.900"])
async def test_3_an_identity_with_index_0_is_no_administrator(service, packed, handle):
    proven = service.credentials.verify_secret(Identity(handle, 0), b"idnode-demo")
    with pytest.raises(InvalidAdministrator):
        await service.registrar.create(proven, CUP, packed(URL))
    with pytest.raises(InvalidAdministrator):
        await service.registrar.list_handles(proven, b"88.900.1")


async def test_4_strangers_are_challenged_before_they_learn_what_is_there(service, packed, put):
    await put(CUP, URL)
    registrar = service.registrar
    for change in (
        registrar.add(None, b"88.900.1/none", packed(URL)),
        registrar.add(None, CUP, packed(URL)),
        registrar.remove(None, b"88.900.1/none", (1,)),
        registrar.remove(None, CUP, (9,)),
        registrar.delete(None, b"88.900.1/none"),
        registrar.delete(None, CUP),
    ):
        with pytest.raises(AuthenticationNeeded):
            await change


async def test_4_a_modification_tells_first_as_the_real_one_does(service, packed, put):
    await put(CUP, URL, (2, b"URL", b"fixed", 0x0A), (3, b"DESC", b"open", 0x0F))
    with pytest.raises(HandleNotFound):
        await service.registrar.modify(None, b"88.900.1/none", packed(URL))
    with pytest.raises(ValuesNotFound):
        await service.registrar.modify(None, CUP, packed((9, b"URL", b"x")))
    with pytest.raises(InsufficientPermission):
        await service.registrar.modify(None, CUP, packed((2, b"URL", b"x")))
    with pytest.raises(AuthenticationNeeded):
        await service.registrar.modify(None, CUP, packed(URL))
    await service.registrar.modify(None, CUP, packed((3, b"DESC", b"by anybody", 0x0F)))


async def test_5_a_value_that_may_not_be_written_may_be_removed(service, packed, put, stored):
    await put(CUP, (1, b"URL", b"x", 0x00), admin(Right.ALL))
    with pytest.raises(InsufficientPermission):
        await service.registrar.modify(USER, CUP, packed((1, b"URL", b"y")))
    await service.registrar.remove(USER, CUP, (1,))
    assert [value.index for value in stored()] == [100]
