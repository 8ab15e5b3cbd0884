"""What the register on PostgreSQL promises besides the contract.

* What one node writes, another one reads at once, and hears of new prefix handles without asking.
* Batches of two nodes over the same handles in opposite order both end, with one winner for each handle.
* A commit whose connection is cut is resolved: it happened once, or it is done anew; when the database does not say
  for long, nobody pretends to know.
* While the database is away, writes and reads are refused as busy, at once, and both go on afterwards.
* A server that is dead without a word keeps nobody from the others.
* Whatever goes wrong in a transaction, its submitter is told, and the next one is carried out.
* A handle that is too long for the database's index is refused alone.
* Look-ups of one turn of the loop are one question.
* An empty database gets its tables, once, also when two nodes start at once; those of another version are refused.
* A role that may only read and write rows is enough, once the tables are there; one that may not is told.
"""

import asyncio
import random
import socket

import pytest

from idnode.registry.errors import (
    HandleExists,
    RegisterAway,
    RegisterBusy,
    RegisterUnavailable,
)
from idnode.registry.fetching import fetched
from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.mutation import AddValues, Applied, Create, Delete
from idnode.registry.postgres import schema, writer
from idnode.registry.postgres.address import Address
from idnode.registry.postgres.limits import CREATED_HANDLE_BYTES_MAX
from idnode.registry.postgres.register import PostgresRegister
from idnode.registry.postgres.schema import SchemaUnfit

NEW = Applied(replaced=False)

PATIENCE_SECONDS = 30


@pytest.fixture
def url(postgres):
    return postgres.prepared()


@pytest.fixture
async def opened():
    """Opens registers at URLs, and closes them at the end."""
    registers = []

    async def opening(url):
        registers.append(await PostgresRegister.open(Address(url)))
        return registers[-1]

    yield opening
    for register in registers:
        await register.close()


@pytest.fixture
async def proxied(postgres, url, cutting_proxy, opened):
    """A register behind a network that can be cut, and that network."""
    async with cutting_proxy.CuttingProxy(postgres.port) as proxy:
        register = await opened(url.replace(str(postgres.port), str(proxy.port)))
        yield register, proxy
        proxy.open = True
        await register.close()


async def lookup(register, handle):
    return await fetched(lambda: register.lookup(handle))


async def come_true(condition):
    """Wait until a condition holds, which nobody tells."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110  # the condition has no event
            await asyncio.sleep(0.01)


async def test_another_node_reads_at_once_what_one_writes(url, opened, packed):
    one, other = await opened(url), await opened(url)
    assert await lookup(other, b"88.900.1/a") is None
    assert await one.submit([Create(b"88.900.1/a", packed((1, b"x")))]) == [NEW]
    assert (await lookup(other, b"88.900.1/A")).values == packed((1, b"x"))
    (refused,) = await other.submit([Create(b"88.900.1/A", packed((1, b"y")))])
    assert isinstance(refused, HandleExists)
    assert await other.count(b"88.900.1") == 1


async def test_other_nodes_hear_of_prefix_handles(url, opened, packed):
    one, other = await opened(url), await opened(url)
    told = []
    other.watch(lambda key: told.append((key, other.lookup(key) is not None)))
    await one.submit([Create(b"0.NA/88.900.7", packed((1, b"x"))), Create(b"88.900/a", packed())])
    await come_true(lambda: told == [(b"0.NA/88.900.7", True)])
    await one.submit([Delete(b"0.NA/88.900.7")])
    await come_true(lambda: told[1:] == [(b"0.NA/88.900.7", False)])


async def test_overlapping_batches_in_opposite_order_have_one_winner_each(url, opened, packed):
    nodes = [await opened(url), await opened(url)]
    handles = [b"88.900.1/%d" % number for number in range(1500)]
    values = packed((1, b"x"))
    for kind in ("plain", "whole", "mixed"):
        some = [b"%s-%s" % (handle, kind.encode()) for handle in handles]
        batches = [[Create(handle, values) for handle in some] for _ in nodes]
        batches[1].reverse()
        if kind == "mixed":
            for batch in batches:
                batch[::7] = [Create(each.handle, values, overwrite=True) for each in batch[::7]]
        outcomes = await asyncio.gather(
            *(
                node.submit(batch, all_or_nothing=kind == "whole")
                for node, batch in zip(nodes, batches, strict=True)
            )
        )
        winners = [outcome == NEW for outcome in [*outcomes[0], *reversed(outcomes[1])]]
        assert [*map(int.__add__, winners[:1500], winners[1500:])] == [1] * 1500
    assert await nodes[0].count(b"88.900.1") == 4500


async def test_so_have_those_over_records_in_partitions(postgres, opened, packed):
    url = postgres.empty()
    schema.upgrade(Address(url), partitions=4)
    nodes = [await opened(url), await opened(url)]
    values = packed((1, b"x"))
    for turn in range(3):
        handles = [b"88.900.1/%d-%d" % (turn, number) for number in range(3000)]
        batches = ([Create(handle, values) for handle in some] for some in (handles, handles[::-1]))
        one, other = await asyncio.gather(*map(type(nodes[0]).submit, nodes, batches))
        assert [(a == NEW) + (b == NEW) for a, b in zip(one, reversed(other), strict=True)] == (
            [1] * 3000
        )
    assert await nodes[0].count(b"88.900.1") == 9000


async def test_large_batches_find_the_few_records_that_are_there(url, opened, packed):
    register = await opened(url)
    values = packed((1, b"x"))
    for first in range(0, 4000, 950):  # each overlaps the one before, and has an item twice
        batch = [Create(b"88.900.1/%d" % number, values) for number in range(first, first + 1000)]
        outcomes = await register.submit([*batch, batch[-1]])
        there = 50 if first else 0
        assert outcomes[there:-1] == [NEW] * (1000 - there)
        refused = [*outcomes[:there], outcomes[-1]]
        assert all(isinstance(outcome, HandleExists) for outcome in refused)
        assert await register.count(b"88.900.1") == first + 1000


async def test_changes_of_two_nodes_to_one_record_are_all_there(url, opened, packed):
    nodes = [await opened(url), await opened(url)]
    await nodes[0].submit([Create(b"88.900.1/a", packed((1, b"x")))])
    indexes = list(range(2, 42))
    random.Random(7).shuffle(indexes)
    outcomes = await asyncio.gather(
        *(
            nodes[index % 2].submit([AddValues(b"88.900.1/a", packed((index, b"y")))])
            for index in indexes
        )
    )
    assert outcomes == [[NEW]] * 40
    found = (await lookup(nodes[0], b"88.900.1/a")).values
    assert found == packed((1, b"x"), *((index, b"y") for index in range(2, 42)))


@pytest.mark.parametrize("when", ["BEFORE", "AFTER"])
@pytest.mark.parametrize("whole", [False, True])
async def test_a_connection_cut_in_a_commit_is_resolved(
    proxied, cutting_proxy, packed, when, whole
):
    register, proxy = proxied
    await register.submit([Create(b"88.900.1/before", packed((1, b"x")))])
    proxy.cut = cutting_proxy.Cut[when]
    outcomes = await register.submit(
        [Create(b"88.900.1/a", packed((1, b"x"))), Create(b"88.900.1/b", packed((1, b"x")))],
        all_or_nothing=whole,
    )
    assert outcomes == [NEW, NEW]
    assert proxy.cuts == 1
    assert register.stats().figures["unanswered_commits"] == 1
    assert await register.count(b"88.900.1") == 3
    assert register.stats().unwritable == ""


async def test_a_deletion_cut_in_its_commit_is_resolved(proxied, cutting_proxy, packed):
    register, proxy = proxied
    await register.submit([Create(b"88.900.1/a", packed((1, b"x")))])
    proxy.cut = cutting_proxy.Cut.AFTER
    assert await register.submit([Delete(b"88.900.1/a")]) == [Applied(replaced=True)]
    assert await register.count(b"88.900.1") == 0


async def test_nobody_pretends_to_know_what_the_database_does_not_tell(
    proxied, cutting_proxy, packed, monkeypatch
):
    register, proxy = proxied
    monkeypatch.setattr(writer, "COMMIT_SECONDS", 0.1)
    monkeypatch.setattr(writer, "RESOLVE_SECONDS", 0.3)
    proxy.cut = cutting_proxy.Cut.SILENT
    pending = register.submit([Create(b"88.900.1/a", packed((1, b"x")))])
    await come_true(lambda: proxy.cuts)
    proxy.open = False
    with pytest.raises(RegisterUnavailable) as unknown:
        await pending
    assert not isinstance(unknown.value, RegisterBusy)
    with pytest.raises(RegisterAway):
        register.submit([Delete(b"88.900.1/a")])
    monkeypatch.undo()
    proxy.open = True
    await come_true(lambda: not register.stats().unwritable)
    (refused,) = await register.submit([Create(b"88.900.1/a", packed((1, b"y")))])
    assert isinstance(refused, HandleExists)


async def test_while_the_database_is_away_everybody_is_told_to_come_again(proxied, packed):
    register, proxy = proxied
    await register.submit([Create(b"88.900.1/a", packed((1, b"x")))])
    proxy.shut()
    with pytest.raises(RegisterBusy):
        await register.submit([Create(b"88.900.1/b", packed((1, b"x")))])
    assert register.stats().unwritable
    for _ in range(100):
        with pytest.raises(RegisterBusy):
            register.submit([Create(b"88.900.1/b", packed((1, b"x")))])
    for ask in (lookup(register, b"88.900.1/a"), register.page(b"88.900.1"), register.count(b"x")):
        with pytest.raises(RegisterAway):
            await ask
    proxy.open = True
    await come_true(lambda: not register.stats().unwritable)
    assert await register.submit([Create(b"88.900.1/b", packed((1, b"x")))]) == [NEW]

    async def found():
        try:
            return await lookup(register, b"88.900.1/a")
        except RegisterAway:
            await asyncio.sleep(0.05)
            return None

    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await found():
            pass


async def test_a_dead_server_keeps_nobody_from_the_others(url, opened, packed):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        dead = f"127.0.0.1:{silent.getsockname()[1]}"
        register = await opened(url.replace("idnode@", f"idnode@{dead},"))
        assert await register.submit([Create(b"88.900.1/a", packed((1, b"x")))]) == [NEW]
        assert await register.count(b"88.900.1") == 1


async def test_a_transport_that_is_closed_before_a_write_is_a_broken_connection(
    url, opened, packed, monkeypatch
):
    register = await opened(url)
    with monkeypatch.context() as patched:
        patched.setattr(writer, "carry_out", failing_once(patched, RuntimeError("it is closed")))
        assert await register.submit([Create(b"88.900.1/a", packed((1, b"x")))]) == [NEW]


async def test_after_an_error_that_nobody_expects_the_next_transaction_is_carried_out(
    url, opened, packed, monkeypatch
):
    register = await opened(url)
    with monkeypatch.context() as patched:
        patched.setattr(writer, "carry_out", failing_once(patched, ValueError("a mistake")))
        with pytest.raises(RegisterUnavailable):
            await register.submit([Create(b"88.900.1/a", packed((1, b"x")))])
    assert await register.submit([Create(b"88.900.1/a", packed((1, b"x")))]) == [NEW]


async def test_a_watcher_that_fails_keeps_nobody_from_the_outcome(url, opened, packed):
    register = await opened(url)
    seen = []

    def fail(key):
        seen.append(key)
        raise ValueError("a mistake")

    register.watch(fail)
    for number in range(2):
        (made,) = await register.submit([Create(b"0.NA/88.900.%d" % number, packed((1, b"x")))])
        assert made == NEW
    assert len(seen) == 2


def failing_once(patched, error):
    """Return a function that raises an error, and puts the former back."""
    former = writer.carry_out

    async def fail(*_, **__):
        patched.setattr(writer, "carry_out", former)
        raise error

    return fail


@pytest.mark.parametrize("whole", [False, True])
async def test_a_handle_that_is_too_long_for_the_index_is_refused_alone(url, opened, packed, whole):
    register = await opened(url)
    chance = random.Random(7)
    longest = b"88.900.1/" + bytes(
        chance.choices(range(0x21, 0x5B), k=CREATED_HANDLE_BYTES_MAX - 9)
    )
    values = packed((1, b"x"))
    pending = register.submit([Create(b"88.900.1/beside", values), Create(longest, values)])
    (refused,) = await register.submit([Create(longest + b"x", values)], all_or_nothing=whole)
    assert isinstance(refused, InvalidHandle)
    assert await pending == [NEW, NEW]
    assert (await lookup(register, longest)).values == values


async def test_a_role_without_rights_is_told_so(postgres, url, opened):
    database = Address(url).database
    postgres.sql("DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN")
    for table in ("record", "prefix_count", "prefix_change", "register_version", "writer"):
        postgres.sql(f"GRANT ALL ON {table} TO stranger", database)
    register = await opened(url.replace("idnode@", "stranger@"))
    for ask in (register.capabilities.shared.files(), register.capabilities.shared.keep({})):
        with pytest.raises(RegisterUnavailable, match="permission denied"):
            await ask
    await register.close()
    postgres.sql("DROP OWNED BY stranger; DROP ROLE stranger", database)


async def test_look_ups_of_one_turn_are_one_question(url, opened, packed):
    register = await opened(url)
    await register.submit([Create(b"88.900.1/%d" % i, packed((1, b"x"))) for i in range(50)])
    before = register.stats().figures["database_questions"]
    found = await asyncio.gather(*(lookup(register, b"88.900.1/%d" % i) for i in range(60)))
    assert [each is not None for each in found] == [True] * 50 + [False] * 10
    assert register.stats().figures["database_questions"] == before + 1


async def test_an_empty_database_gets_its_tables_once(postgres, packed):
    address = Address(postgres.empty())
    registers = await asyncio.gather(*(PostgresRegister.open(address) for _ in range(3)))
    await registers[0].submit([Create(b"88.900.1/a", packed((1, b"x")))])
    assert await registers[1].count(b"88.900.1") == 1
    for register in registers:
        await register.close()
    assert postgres.sql("SELECT count(*) FROM writer", address.database) == "0"


async def test_tables_of_another_version_are_refused_with_what_to_do(postgres, url):
    postgres.sql("UPDATE register_version SET version_num = '0'", Address(url).database)
    with pytest.raises(SchemaUnfit, match="storage migrate"):
        await PostgresRegister.open(Address(url))


async def test_a_role_that_may_write_rows_is_enough(postgres, url, opened, packed):
    database = Address(url).database
    postgres.sql("DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN")
    postgres.sql(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk;"
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO clerk",
        database,
    )
    register = await opened(url.replace("idnode@", "clerk@"))
    await register.submit([Create(b"0.NA/88.900.1", packed((1, b"x")))])
    assert await register.count(b"0.NA") == 1
    await register.close()
    postgres.sql("DROP OWNED BY clerk; DROP ROLE clerk", database)


async def test_a_database_that_is_not_there_is_said_in_one_line_without_the_password(postgres):
    url = f"postgresql://somebody:secret@127.0.0.1:{postgres.port}/nowhere"
    with pytest.raises(RegisterUnavailable) as refused:
        await PostgresRegister.open(Address(url))
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)
