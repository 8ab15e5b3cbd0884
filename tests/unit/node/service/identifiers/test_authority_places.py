"""Who answers for a prefix: this node, an enterprise's own server, or one of several by the handle's hash.

What administrators decide about a prefix outlives a restart.
"""

from dataclasses import replace

import pytest

from idnode.node.service.identifiers.authority import Authority
from idnode.registry.handle.types.hs_site import (
    decode_site,
    encode_site,
    pack_address,
    server_number,
)
from idnode.registry.handle.wire.referral import decode_referral
from idnode.registry.handle.wire.resolution import Query, encode_query

RIGHTS = (100, b"HS_ADMIN", b"")


@pytest.fixture
def own(service):
    return decode_site(service.site.site)


@pytest.fixture
def elsewhere(own):
    """A site whose server is not this node."""
    server = replace(own.servers[0], address=pack_address("192.0.2.9"), public_key=b"other")
    return replace(own, servers=(server,))


@pytest.fixture
def resolve(talk):
    async def resolve(handle, flags=0x19000000):
        _, message = await talk.ask(1, encode_query(Query(handle)), flags)
        return message

    return resolve


async def test_a_prefix_of_an_enterprises_own_server_is_referred_to_it(
    resolve, put, elsewhere, packed
):
    site = (1, b"HS_SITE", encode_site(elsewhere))
    await put(b"0.NA/88.900.7", site)
    answer = await resolve(b"88.900.7/cup")
    assert answer.response_code == 302
    referral = decode_referral(answer.body)
    assert (referral.handle, referral.values) == (b"", packed(site))
    assert (await resolve(b"88.900.7/cup", 0x19100000)).response_code == 301
    assert (await resolve(b"0.NA/88.900.7")).response_code == 1


async def test_what_was_registered_before_a_prefix_moved_is_referred_too_and_answered_once_it_is_back(
    service, resolve, put, elsewhere, talk, packed
):
    site = (1, b"HS_SITE", encode_site(elsewhere))
    await put(b"0.NA/88.900.7", RIGHTS)
    await put(b"88.900.7/old", (1, b"URL", b"x"))
    await put(b"0.NA/88.900.7", RIGHTS, site)
    for name in (b"88.900.7/old", b"88.900.7/new"):
        answer = await resolve(name)
        assert answer.response_code == 302
        assert decode_referral(answer.body).values == packed(site)
        assert (await resolve(name, 0x19100000)).response_code == 301
    body = b"\0\0\0\x0c88.900.7/new" + bytes(4)
    assert (await talk.ask(100, body))[1].response_code == 301
    await put(b"0.NA/88.900.7", RIGHTS)
    assert (await resolve(b"88.900.7/old")).response_code == 1


async def test_a_stored_handle_that_hashes_to_another_server_is_not_answered(
    resolve, put, own, elsewhere
):
    site = replace(own, servers=(elsewhere.servers[0], own.servers[0]), hash_option=2)
    names = [b"88.900.7/%d" % number for number in range(20)]
    await put(b"0.NA/88.900.7", RIGHTS)
    for name in names:
        await put(name, (1, b"URL", b"x"))
    await put(b"0.NA/88.900.7", RIGHTS, (1, b"HS_SITE", encode_site(site)))
    found = {name: (await resolve(name)).response_code for name in names}
    assert found == {name: 1 if server_number(name, 2, 2) == 1 else 301 for name in names}
    assert set(found.values()) == {1, 301}


async def test_of_several_servers_each_answers_for_its_handles(resolve, put, own, elsewhere, talk):
    servers = (elsewhere.servers[0], own.servers[0], elsewhere.servers[0])
    site = replace(own, servers=servers, hash_option=2)
    await put(b"0.NA/88.900.7", RIGHTS, (1, b"HS_SITE", encode_site(site)))
    for number in range(30):
        handle = b"88.900.7/%d" % number
        here = server_number(handle, 2, 3) == 1
        assert (await resolve(handle)).response_code == (100 if here else 301)
        body = b"\0\0\0" + bytes([len(handle)]) + handle + bytes(4)
        assert (await talk.ask(100, body))[1].response_code == (402 if here else 301)


async def test_a_site_that_names_this_node_or_nobody_changes_nothing(resolve, put, own):
    moved = replace(own.servers[0], address=pack_address("192.0.2.9"))
    for sites in [
        [(1, b"HS_SITE", encode_site(own))],
        [(1, b"HS_SITE", encode_site(replace(own, servers=(moved,))))],
        [(1, b"HS_SITE", b"no site")],
        [(1, b"HS_SITE", encode_site(replace(own, servers=())))],
    ]:
        await put(b"0.NA/88.900.7", RIGHTS, *sites)
        assert (await resolve(b"88.900.7/none")).response_code == 100


async def test_decisions_outlive_a_restart(service, register, put):
    await put(b"0.NA/88.900.7", RIGHTS)
    await service.authority.decide(b"88.900.7", here=False)
    await service.authority.decide(b"88.900.8", here=True)
    assert (await_answer := service.authority.prefixes()) == [b"88.900", b"88.900.1", b"88.900.8"]
    again = await Authority.open(register)
    assert again.prefixes() == await_answer
    await put(b"0.NA/88.900.7", RIGHTS, (1, b"URL", b"x"))
    assert not service.authority.responsible(b"88.900.7")
    await service.authority.decide(b"88.900.7", here=True)
    assert service.authority.responsible(b"88.900.7")
