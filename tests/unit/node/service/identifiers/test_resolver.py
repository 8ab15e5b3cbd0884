"""Resolution: stored bytes as they are, filters in union, nothing private to strangers, the right refusal."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.node.service.errors import NotResponsible, PrefixReferral
from idnode.registry.errors import HandleNotFound, ValuesNotFound
from idnode.registry.handle import values
from idnode.registry.handle.errors import InvalidHandle, RegistryError

PUBLIC = ((1, b"URL", b"https://example.org"), (2, b"EMAIL", b"a@example.org"))


async def test_an_all_public_record_is_answered_with_the_stored_bytes(service, put, packed):
    await put(b"88.900.1/cup", *PUBLIC)
    assert service.resolver.resolve(b"88.900.1/CUP") == packed(*PUBLIC)


async def test_indexes_and_types_are_a_union(service, put, packed):
    await put(b"88.900.1/cup", *PUBLIC, (3, b"DESC", b"cup"))
    answer = service.resolver.resolve(b"88.900.1/cup", indexes=(2,), types=(b"url",))
    assert answer == packed(*PUBLIC)


async def test_private_values_are_left_out_for_strangers_even_when_asked_by_index(
    service, put, packed
):
    await put(b"88.900.1/cup", *PUBLIC, (301, b"HS_SECKEY", b"secret", 0x0C))
    assert service.resolver.resolve(b"88.900.1/cup") == packed(*PUBLIC)
    with pytest.raises(ValuesNotFound):
        service.resolver.resolve(b"88.900.1/cup", indexes=(301,))
    with pytest.raises(ValuesNotFound):
        service.resolver.resolve(b"88.900.1/cup", types=(b"HS_SECKEY",))


async def test_private_values_are_there_for_proven_readers(service, put):
    await put(b"88.900.1/cup", *PUBLIC, (301, b"HS_SECKEY", b"secret", 0x0C))
    answer = service.resolver.resolve(b"88.900.1/cup", public_only=False)
    assert answer == service.register.lookup(b"88.900.1/cup").values


async def test_a_record_without_values_has_none_to_answer(service, put):
    await put(b"88.900.1/empty")
    with pytest.raises(ValuesNotFound):
        service.resolver.resolve(b"88.900.1/empty")


async def test_an_absent_handle_is_not_found(service):
    with pytest.raises(HandleNotFound):
        service.resolver.resolve(b"88.900.1/none")


@pytest.mark.parametrize("handle", [b"10.1/x", b"", b"0", b"/", b"88.9/x", b"noslash"])
async def test_other_prefixes_are_not_ours(service, handle):
    with pytest.raises(NotResponsible):
        service.resolver.resolve(handle)


async def test_a_record_of_a_prefix_that_left_is_not_answered(service, put):
    await put(b"88.900.9/x", *PUBLIC)
    with pytest.raises(NotResponsible):
        service.resolver.resolve(b"88.900.9/x")


async def test_a_slashless_handle_is_its_prefix_handle(service):
    assert service.resolver.resolve(b"88.900.1") == service.resolver.resolve(b"0.NA/88.900.1")


async def test_a_stored_prefix_handle_without_an_admin_is_answered(service, put, packed):
    await put(b"0.NA/88.900.7", *PUBLIC)
    assert service.resolver.resolve(b"88.900.7") == packed(*PUBLIC)


async def test_a_derived_prefix_is_referred_unless_refused(service, put):
    await put(b"0.NA/88.900", (100, b"HS_ADMIN", b"x"), (2, b"HS_SITE.PREFIX", b"there"))
    with pytest.raises(PrefixReferral):
        service.resolver.resolve(b"88.900.7")
    with pytest.raises(HandleNotFound):
        service.resolver.resolve(b"88.900.7", refer=False)


async def test_an_overlong_handle_is_invalid(service):
    with pytest.raises(InvalidHandle):
        service.resolver.resolve(b"88.900.1/" + b"x" * 4090)


async def test_any_bytes_are_answered_or_refused(service):
    @given(st.binary(max_size=40), st.sampled_from([b"", b"88.900.1/", b"0.NA/", b"88.900"]))
    def ask(rest, start):
        with contextlib.suppress(RegistryError, NotResponsible, PrefixReferral):
            values.spans(service.resolver.resolve(start + rest))

    ask()
