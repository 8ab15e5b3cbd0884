"""Rights come from HS_ADMIN values of the record itself, through groups, which may not run away."""

import pytest

from idnode.node.service.errors import AuthenticationNeeded, InvalidAdministrator
from idnode.node.service.identifiers.credentials import Identity
from idnode.node.service.identifiers.permissions import DECISIONS_MAX
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin
from idnode.registry.handle.types.hs_vlist import Member, encode_vlist

USER = Identity(b"88.900.1/user", 301)


def admin(rights, handle, index):
    return encode_admin(AdminValue(rights, handle, index))


def group(*members):
    return encode_vlist([Member(*member) for member in members])


async def test_nobody_needs_to_authenticate_first(service):
    with pytest.raises(AuthenticationNeeded):
        service.permissions.require(None, Right.ADD_HANDLE, b"88.900.1/x")


async def test_strangers_have_no_rights(service):
    with pytest.raises(InvalidAdministrator):
        service.permissions.require(USER, Right.ADD_HANDLE, b"88.900.1/x")


async def test_the_prefixs_group_administers_the_prefix_handle_and_no_other_record(service, put):
    await put(b"88.900.1/x", (1, b"URL", b"x"))
    for identity in (service.enterprise, Identity(b"0.na/88.900.1", 300)):
        assert service.permissions.allows(identity, Right.ALL, b"0.NA/88.900.1")
        assert not service.permissions.allows(identity, Right.MODIFY_VALUE, b"88.900.1/x")
        assert not service.permissions.allows(identity, Right.READ_VALUE, b"88.900.1/x")


async def test_an_enterprise_has_no_rights_on_the_nodes_own_prefix(service):
    assert not service.permissions.allows(service.enterprise, Right.ADD_HANDLE, b"88.900/x")
    assert not service.permissions.allows(service.enterprise, Right.MODIFY_VALUE, b"0.NA/88.900")


async def test_the_nodes_administrators_may_everything_everywhere(service):
    assert service.permissions.allows(service.admin, Right.ALL, b"10.1/unknown")
    assert service.permissions.is_node_admin(Identity(b"0.na/88.900", 300))
    assert not service.permissions.is_node_admin(Identity(b"0.na/88.900", 302))


async def test_a_records_own_admin_has_exactly_the_rights_it_grants(service, put):
    await put(b"88.900.1/x", (100, b"HS_ADMIN", admin(Right.ADD_VALUE, *astuple(USER))))
    assert service.permissions.allows(USER, Right.ADD_VALUE, b"88.900.1/X")
    assert not service.permissions.allows(USER, Right.ADD_VALUE | Right.ADD_ADMIN, b"88.900.1/x")
    assert not service.permissions.allows(USER, Right.ADD_VALUE, b"88.900.1/y")


async def test_index_zero_in_a_reference_means_any_key(service, put):
    await put(b"88.900.1/x", (100, b"HS_ADMIN", admin(Right.ALL, USER.handle, 0)))
    assert service.permissions.allows(Identity(USER.handle, 17), Right.ALL, b"88.900.1/x")


async def test_another_index_is_another_identity(service, put):
    await put(b"88.900.1/x", (100, b"HS_ADMIN", admin(Right.ALL, USER.handle, 300)))
    assert not service.permissions.allows(USER, Right.ALL, b"88.900.1/x")


async def test_groups_in_groups_are_followed(service, put):
    await put(b"88.900.1/inner", (1, b"HS_VLIST", group((b"88.900.1/other", 1), astuple(USER))))
    await put(b"88.900.1/outer", (1, b"hs_vlist", group((b"88.900.1/inner", 1))))
    await put(b"88.900.1/x", (100, b"HS_ADMIN", admin(Right.ALL, b"88.900.1/outer", 1)))
    assert service.permissions.allows(USER, Right.ALL, b"88.900.1/x")


async def test_groups_that_contain_each_other_end(service, put):
    await put(b"88.900.1/a", (1, b"HS_VLIST", group((b"88.900.1/b", 1), (b"88.900.1/A", 1))))
    await put(b"88.900.1/b", (1, b"HS_VLIST", group((b"88.900.1/a", 1))))
    await put(b"88.900.1/x", (100, b"HS_ADMIN", admin(Right.ALL, b"88.900.1/a", 1)))
    assert not service.permissions.allows(USER, Right.ALL, b"88.900.1/x")


async def test_groups_nested_too_deeply_are_not_followed_to_the_end(service, put):
    for depth in range(20):
        await put(
            b"88.900.1/%d" % depth, (1, b"HS_VLIST", group((b"88.900.1/%d" % (depth + 1), 1)))
        )
    await put(b"88.900.1/20", (1, b"HS_VLIST", group(astuple(USER))))
    await put(b"88.900.1/x", (100, b"HS_ADMIN", admin(Right.ALL, b"88.900.1/0", 1)))
    assert not service.permissions.allows(USER, Right.ALL, b"88.900.1/x")
    await put(b"88.900.1/y", (100, b"HS_ADMIN", admin(Right.ALL, b"88.900.1/15", 1)))
    assert service.permissions.allows(USER, Right.ALL, b"88.900.1/y")


async def test_huge_groups_are_looked_at_up_to_a_bound(service, put):
    crowd = group(*[(b"c/%d" % number, 1) for number in range(6000)], astuple(USER))
    await put(b"88.900.1/crowd", (1, b"HS_VLIST", crowd))
    await put(b"88.900.1/x", (100, b"HS_ADMIN", admin(Right.ALL, b"88.900.1/crowd", 1)))
    assert not service.permissions.allows(USER, Right.ALL, b"88.900.1/x")


@pytest.mark.parametrize("data", [b"", b"free text", b"\0\1\xff\xff\xff\xff", b"\xff" * 30])
async def test_broken_admin_values_and_groups_name_nobody(service, put, data):
    await put(
        b"88.900.1/x",
        (100, b"HS_ADMIN", data),
        (101, b"HS_ADMIN", admin(Right.ALL, b"88.900.1/x", 200)),
        (200, b"HS_VLIST", data),
    )
    assert not service.permissions.allows(USER, Right.ADD_VALUE, b"88.900.1/x")


def astuple(identity):
    return identity.handle, identity.index


async def test_what_is_remembered_is_bounded_whatever_is_asked(service):
    for number in range(25_000):
        who = Identity(b"0.NA/88.900.1", number + 1)
        service.permissions.allows(who, Right.ADD_HANDLE, b"0.NA/88.900.1")
        assert len(service.permissions._decided) <= DECISIONS_MAX
    for number in range(25_000):
        spelled = b"0.na/88.900.%d" % number
        service.permissions.allows(service.enterprise, Right.ADD_HANDLE, spelled)
        assert len(service.permissions._decided) <= DECISIONS_MAX
