"""What public resolution over PostgreSQL promises when it may be answered from a near cache or from replicas.

* The register's `lookup`, on which everything is decided, sees what others wrote at once, whatever public resolution sees.
* What the node itself writes, public resolution sees at once; also new identifiers, whoever made them.
* A replica answers while it is not too far behind, and the primary when it is, is away, or takes writes itself.
* What a replica answers is at least as new as what it was found to have.
"""

import asyncio

import pytest

from idnode.registry.fetching import fetched
from idnode.registry.mutation import Applied, Create, Delete
from idnode.registry.postgres.address import Address
from idnode.registry.postgres.public import PublicReading
from idnode.registry.postgres.register import PostgresRegister

NEW = Applied(replaced=False)

HANDLE = b"88.900.1/a"

LONG_SECONDS = 3000

PATIENCE_SECONDS = 30


@pytest.fixture
def url(postgres):
    return postgres.prepared()


@pytest.fixture(scope="module")
def standby(postgres):
    """A server that follows the primary; tests leave it running and following."""
    server = type(postgres)(of=postgres)
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
async def opened(url):
    """Opens registers, and closes them at the end."""
    registers = []

    async def opening(**reading):
        public = PublicReading(**reading) if reading else None
        registers.append(await PostgresRegister.open(Address(url), public=public))
        return registers[-1]

    yield opening
    for register in registers:
        await register.close()


@pytest.fixture
def following(url, standby):
    """The address of the standby's copy of the database."""
    return Address(standby.url(Address(url).database))


@pytest.fixture
def paused(standby):
    """Has the standby show nothing new until the test ends."""
    standby.sql("SELECT pg_wal_replay_pause()")
    while standby.sql("SELECT pg_get_wal_replay_pause_state()") != "paused":
        pass
    yield
    standby.sql("SELECT pg_wal_replay_resume()")


async def come_true(condition):
    """Wait until a condition holds, which nobody tells."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110  # the condition has no event
            await asyncio.sleep(0.01)


def fit(register):
    return register.stats().figures["replicas_fit"]


async def caught_up(register):
    """Wait until a replica has what was committed before this was called."""
    now = asyncio.get_running_loop().time()
    await come_true(lambda: all(each.caught_up > now for each in register._public._replicas))


async def public(register, handle=HANDLE):
    return await fetched(lambda: register.capabilities.public_lookup(handle))


async def lookup(register, handle=HANDLE):
    return await fetched(lambda: register.lookup(handle))


async def test_a_near_cache_answers_the_public_and_decides_nothing(opened, packed):
    near, other = await opened(near_seconds=LONG_SECONDS), await opened()
    old, new = packed((1, b"old")), packed((1, b"new"))
    await other.submit([Create(HANDLE, old)])
    assert (await public(near)).values == old
    await other.submit([Create(HANDLE, new, overwrite=True)])
    asked = near.stats().figures["database_questions"]
    assert (await public(near, HANDLE.upper())).values == old
    assert near.stats().figures["database_questions"] == asked
    assert near.stats().figures["near_cache_records"] == 1
    assert (await lookup(near)).values == new
    await other.submit([Delete(HANDLE)])
    assert await lookup(near) is None
    assert other.capabilities.public_lookup is None


async def test_own_writes_and_new_identifiers_pass_a_near_cache_by(opened, packed):
    near, other = await opened(near_seconds=LONG_SECONDS), await opened()
    assert await public(near) is None
    await other.submit([Create(HANDLE, packed((1, b"1")))])
    assert (await public(near)).values == packed((1, b"1"))
    for count in range(2, 6):
        await near.submit([Create(HANDLE, packed((count, b"x")), overwrite=True)])
        assert (await public(near)).values == packed((count, b"x"))
    await near.submit([Delete(HANDLE)])
    assert await public(near) is None


async def test_prefix_handles_that_others_change_are_told_to_a_near_cache(opened, packed):
    near, other = await opened(near_seconds=LONG_SECONDS), await opened()
    prefix_handle = b"0.NA/88.900.7"
    await other.submit([Create(prefix_handle, packed((1, b"old")))])
    told = []
    near.watch(told.append)
    assert (await public(near, prefix_handle)).values == packed((1, b"old"))
    await other.submit([Create(prefix_handle, packed((1, b"new")), overwrite=True)])
    await come_true(lambda: told.count(prefix_handle))
    await near._feed.look()
    assert (await public(near, prefix_handle)).values == packed((1, b"new"))


async def test_a_replica_answers_the_public_and_the_primary_decides(opened, packed, following):
    register, other = await opened(replicas=following, stale_max=LONG_SECONDS), await opened()
    await other.submit([Create(HANDLE, packed((1, b"x")))])
    await caught_up(register)
    primary = register.stats().figures["database_records"]
    assert (await public(register)).values == packed((1, b"x"))
    figures = register.stats().figures
    assert (figures["replica_records"], figures["database_records"]) == (1, primary)
    assert (await lookup(register)).values == packed((1, b"x"))
    assert register.stats().figures["database_records"] == primary + 1


async def test_changes_of_others_are_as_old_as_the_replica(
    opened, packed, following, standby, request
):
    register, other = await opened(replicas=following, stale_max=LONG_SECONDS), await opened()
    await other.submit([Create(HANDLE, packed((1, b"old")))])
    await caught_up(register)
    request.getfixturevalue("paused")
    await other.submit(
        [
            Create(HANDLE, packed((1, b"new")), overwrite=True),
            Create(b"88.900.1/new", packed((1, b"x"))),
        ]
    )
    assert (await public(register)).values == packed((1, b"old"))
    assert (await lookup(register)).values == packed((1, b"new"))
    assert (await public(register, b"88.900.1/new")).values == packed((1, b"x"))
    await register.submit([Create(HANDLE, packed((1, b"own")), overwrite=True)])
    assert (await public(register)).values == packed((1, b"own"))
    standby.sql("SELECT pg_wal_replay_resume()")
    await caught_up(register)
    before = register.stats().figures["replica_records"]
    assert (await public(register)).values == packed((1, b"own"))
    assert register.stats().figures["replica_records"] == before + 1


async def test_a_replica_that_is_too_far_behind_is_not_asked(
    opened, packed, following, standby, request
):
    register, other = await opened(replicas=following, stale_max=0.4), await opened()
    await other.submit([Create(HANDLE, packed((1, b"old")))])
    await come_true(lambda: fit(register))
    await caught_up(register)
    request.getfixturevalue("paused")
    await other.submit([Create(HANDLE, packed((1, b"new")), overwrite=True)])
    await come_true(lambda: not fit(register))
    asked = register.stats().figures["replica_questions"]
    assert (await public(register)).values == packed((1, b"new"))
    assert register.stats().figures["replica_questions"] == asked
    standby.sql("SELECT pg_wal_replay_resume()")
    await come_true(lambda: fit(register))


async def test_the_primary_answers_for_a_replica_that_is_away(opened, packed, following, standby):
    register = await opened(replicas=following, stale_max=LONG_SECONDS)
    await register.submit([Create(HANDLE, packed((1, b"x")))])
    await caught_up(register)
    standby.halt()
    try:
        assert fit(register)
        for _ in range(3):
            assert (await public(register)).values == packed((1, b"x"))
    finally:
        standby.start()
    await caught_up(register)
    before = register.stats().figures["database_records"]
    assert (await public(register)).values == packed((1, b"x"))
    assert register.stats().figures["database_records"] == before


async def test_a_replica_that_came_back_with_less_is_not_asked(opened, packed, following):
    register = await opened(replicas=following, stale_max=LONG_SECONDS)
    await register.submit([Create(HANDLE, packed((1, b"x")))])
    await caught_up(register)
    register._public._replicas[0].reader.place = 1 << 62  # more than it has
    for count in (1, 2):
        assert (await public(register)).values == packed((1, b"x"))
        assert register.stats().figures["database_records"] == count


async def test_a_server_that_takes_writes_is_no_replica(opened, packed, url):
    register = await opened(replicas=Address(url), stale_max=LONG_SECONDS)
    await register.submit([Create(HANDLE, packed((1, b"x")))])
    assert (await public(register)).values == packed((1, b"x"))
    await register._public._replicas[0].look()
    assert not fit(register)
    assert register.stats().figures["replica_questions"] == 0
