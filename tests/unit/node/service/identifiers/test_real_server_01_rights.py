"""Who may change an existing record, as the real server decides it.

Only the record's own HS_ADMIN values and the node's administrators decide about an existing record; administrators of
the prefix create and list. A record may name groups, of other prefixes, too, whose members may be groups again.
"""

import pytest

from idnode.node.service.errors import InvalidAdministrator
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin
from idnode.registry.handle.types.hs_vlist import Member, encode_vlist

CUP = b"88.900.1/cup"
USER = Identity(b"88.900.1/user", 301)
URL = (1, b"URL", b"x")


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
    ("member", "may"),
    [
        (USER, True),
        (Identity(b"88.900.1/USER", 301), True),
        (Identity(b"88.900.1/user", 0), True),
        (Identity(b"88.900.1/user", 300), False),
        (Identity(b"88.900/inner", 201), True),
        (Identity(b"88.900/nowhere", 200), False),
    ],
)
async def test_1_a_record_may_name_a_group_of_another_prefix(service, packed, put, member, may):
    def group(*members):
        return encode_vlist([Member(each.handle, each.index) for each in members])

    outer, inner = Identity(b"88.900/team", 200), Identity(b"88.900/inner", 201)
    await put(outer.handle, (200, b"HS_VLIST", group(outer, member)))
    await put(inner.handle, (201, b"HS_VLIST", group(outer, USER)))
    own = (100, b"HS_ADMIN", encode_admin(AdminValue(Right.ALL, outer.handle, outer.index)))
    await put(CUP, URL, own)
    assert service.permissions.allows(USER, Right.READ_VALUE, CUP) == may
    change = service.registrar.modify(USER, CUP, packed((1, b"URL", b"changed")))
    if may:
        await change
    else:
        with pytest.raises(InvalidAdministrator):
            await change
    with pytest.raises(InvalidAdministrator):
        await service.registrar.delete(service.enterprise, CUP)
