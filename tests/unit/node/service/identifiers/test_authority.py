"""A prefix lives here exactly while its prefix handle is stored with an HS_ADMIN; others are sent elsewhere.

What lies below a prefix that delegates is referred by the longest such prefix.
"""

import pytest

from idnode.node.service.errors import NotResponsible, PrefixReferral, ServiceReferral
from idnode.node.service.identifiers.authority import Authority
from idnode.registry.errors import HandleNotFound
from idnode.registry.handle import values
from idnode.registry.handle.types.hs_site import Interface, Server, Site, encode_site, pack_address
from idnode.registry.mutation import Delete, RemoveValues

ADMIN = (100, b"HS_ADMIN", b"anything")


async def test_a_prefix_lives_here_in_any_spelling_once_its_handle_has_an_admin(register, put):
    authority = await Authority.open(register)
    assert not authority.responsible(b"88.900.Ab")
    await put(b"0.NA/88.900.Ab", ADMIN)
    assert authority.responsible(b"88.900.aB")


async def test_a_prefix_handle_without_an_admin_is_no_home(register, put):
    authority = await Authority.open(register)
    await put(b"0.NA/88.900.2", (1, b"URL", b"x"))
    assert not authority.responsible(b"88.900.2")


async def test_an_admin_in_another_spelling_counts(register, put):
    authority = await Authority.open(register)
    await put(b"0.na/88.900.2", (100, b"hs_admin", b"x"))
    assert authority.responsible(b"88.900.2")


async def test_a_prefix_leaves_with_its_admin_and_with_its_handle(register, put):
    authority = await Authority.open(register)
    await put(b"0.NA/88.900.2", ADMIN)
    await put(b"0.NA/88.900.3", ADMIN)
    await register.submit([RemoveValues(b"0.NA/88.900.2", (100,)), Delete(b"0.NA/88.900.3")])
    assert authority.homed == set()


async def test_an_authority_made_later_finds_what_is_stored(register, put):
    await put(b"0.NA/88.900.2", ADMIN)
    await put(b"0.NA/88.900.3", (1, b"URL", b"x"))
    assert (await Authority.open(register)).homed == {b"88.900.2"}


async def test_home_of_an_ordinary_handle_is_its_own_prefix(service):
    assert service.authority.home_of(b"88.900.1/x/y") == b"88.900.1"


async def test_home_of_a_prefix_handle_is_the_nearest_prefix_here(service):
    assert service.authority.home_of(b"0.NA/88.900.1") == b"88.900.1"
    assert service.authority.home_of(b"0.na/88.900.7.8") == b"88.900"


@pytest.mark.parametrize(
    "handle", [b"10.1/x", b"0.NA/88.9", b"0.NA/", b"/x", b"0.NA/0", b"/", b"0.SITE/status"]
)
async def test_handles_of_other_prefixes_are_not_ours(service, handle):
    with pytest.raises(NotResponsible):
        service.authority.home_of(handle)


async def test_an_absent_derived_prefix_is_referred_to_the_parents_sites(service, put):
    stored = service.register.lookup(b"0.NA/88.900")
    assert stored is not None
    await put(
        b"0.NA/88.900",
        ADMIN,
        (2, b"HS_SITE.PREFIX", b"there"),
        (3, b"HS_SITE.PREFIX", b"hidden", 0x0C),
    )
    absence = service.authority.absence(b"0.NA/88.900.7")
    assert isinstance(absence, PrefixReferral)
    assert absence.handle == b""
    assert b"there" in absence.values
    assert b"hidden" not in absence.values
    assert isinstance(service.authority.absence(b"0.NA/88.900.7", refer=False), HandleNotFound)


async def test_a_parent_without_sites_for_prefixes_refers_nobody(service):
    assert isinstance(service.authority.absence(b"0.NA/88.900.7"), HandleNotFound)


async def test_an_absent_ordinary_handle_is_just_absent(service):
    assert isinstance(service.authority.absence(b"88.900.1/none"), HandleNotFound)


async def test_what_lies_below_is_referred_by_the_longest_prefix_that_delegates(service, put):
    await put(b"0.NA/88", (1, b"HS_SITE.PREFIX", b"short"))
    await put(b"0.NA/88.950", (1, b"HS_SITE.PREFIX", b"long"))
    for handle, kind in ((b"88.950.7.8/x", ServiceReferral), (b"0.na/88.950.7", PrefixReferral)):
        absence = service.authority.absence(handle)
        assert isinstance(absence, kind)
        assert b"long" in absence.values
    referral = service.authority.absence(b"88.1/x")
    assert isinstance(referral, ServiceReferral)
    assert b"short" in referral.values


async def test_a_referral_has_the_types_that_clients_look_for_with_its_code(service, put):
    await put(b"0.NA/88.950", (1, b"HS_SITE.PREFIX", b"a"), (2, b"HS_SERV.PREFIX", b"b"))
    handle, prefix = (service.authority.absence(h) for h in (b"88.950.7/x", b"0.NA/88.950.7"))
    assert [v.type for v in values.unpack(handle.values)] == ["HS_SITE", "HS_SERV"]
    assert [v.type for v in values.unpack(prefix.values)] == ["HS_SITE.PREFIX", "HS_SERV.PREFIX"]


async def test_sites_that_name_only_others_delegate_too(register, put):
    here, there = (
        Server(1, pack_address(host), interfaces=(Interface(3, 1, 2641),))
        for host in ("127.0.0.1", "192.0.2.7")
    )
    authority = await Authority.open(register, here)
    await put(b"0.NA/88.950", (1, b"HS_SITE", encode_site(Site(1, (there,)))))
    handle, prefix = (authority.absence(h) for h in (b"88.950.7/x", b"0.NA/88.950.7"))
    assert isinstance(handle, ServiceReferral)
    assert isinstance(prefix, PrefixReferral)
    assert [v.type for v in values.unpack(prefix.values)] == ["HS_SITE.PREFIX"]
    assert isinstance(authority.absence(b"88.950/x"), ServiceReferral)


async def test_a_prefix_here_that_delegates_nothing_ends_the_search(service, put):
    await put(b"0.NA/88", (1, b"HS_SITE.PREFIX", b"short"))
    with pytest.raises(NotResponsible):
        service.authority.absence(b"88.900.7/x")
    assert isinstance(service.authority.absence(b"0.NA/88.900.7"), HandleNotFound)


async def test_nobody_is_referred_who_does_not_want_it(service, put):
    await put(b"0.NA/88.950", (1, b"HS_SITE.PREFIX", b"long"))
    with pytest.raises(NotResponsible):
        service.authority.absence(b"88.950.7/x", refer=False)


async def test_a_delegation_ends_with_its_values(service, put):
    await put(b"0.NA/88.950", (1, b"HS_SITE.PREFIX", b"a"), (2, b"URL", b"b"))
    await service.register.submit([RemoveValues(b"0.NA/88.950", (1,))])
    with pytest.raises(NotResponsible):
        service.authority.absence(b"88.950.7/x")


async def test_where_all_prefixes_live_an_unknown_one_is_not_found(service, put):
    await put(b"0.NA/0.NA", ADMIN)
    assert isinstance(service.authority.absence(b"0.NA/99"), HandleNotFound)
