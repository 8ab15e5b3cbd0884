"""A prefix lives here exactly while its prefix handle is stored with an HS_ADMIN; others are sent elsewhere."""

import pytest

from idnode.node.service.errors import NotResponsible, PrefixReferral
from idnode.node.service.identifiers.authority import Authority
from idnode.registry.errors import HandleNotFound
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
