"""What every register promises, whatever its engine, and the embedded one with each core and durability.

* A created record is found in any spelling of ASCII case, with its own spelling and its values unchanged.
* Each mutation is admitted or refused by the state that the ones before it left, also within one submission.
* A refused mutation leaves no trace, and touches its neighbours only in an all-or-nothing submission.
* The spelling of the creation is kept by all changes of values; they leave the values sorted by index.
* A record is public only if everybody may read each value.
* Pages run through a prefix in ascending order, once each, under writes; counts are exact.
"""

import asyncio

from idnode.registry.errors import (
    BatchAborted,
    HandleExists,
    HandleNotFound,
    ValuesNotFound,
)
from idnode.registry.fetching import fetched
from idnode.registry.handle.errors import IndexConflict, InvalidHandle, InvalidValue, RecordTooLarge
from idnode.registry.handle.limits import RECORD_BYTES_MAX, VALUES_MAX
from idnode.registry.mutation import AddValues, Applied, Create, Delete, ModifyValues, RemoveValues

NEW = Applied(replaced=False)
REPLACED = Applied(replaced=True)


async def lookup(register, handle):
    """Return a record, wherever it is."""
    return await fetched(lambda: register.lookup(handle))


def kinds(outcomes):
    return [outcome if isinstance(outcome, Applied) else type(outcome) for outcome in outcomes]


async def test_a_created_record_is_found_in_any_spelling(register, packed):
    values = packed((2, b"two"), (1, b"one"))
    assert await register.submit([Create(b"88.900.1/Gear-a", values)]) == [NEW]
    for spelling in (b"88.900.1/Gear-a", b"88.900.1/GEAR-A", b"88.900.1/gear-A"):
        found = await lookup(register, spelling)
        assert found == (b"88.900.1/Gear-a", values, True)
    assert await lookup(register, b"88.900.1/gear-b") is None


async def test_case_folds_in_ascii_only(register, packed):
    await register.submit([Create("88.900.1/é齿".encode(), packed((1, b"x")))])
    assert await lookup(register, "88.900.1/É齿".encode()) is None
    assert await lookup(register, "88.900.1/é齿".encode()) is not None


async def test_a_create_refuses_an_existing_handle_unless_it_overwrites(register, packed):
    first, second = packed((1, b"first")), packed((1, b"second"))
    outcomes = await register.submit(
        [
            Create(b"88.900.1/a", first),
            Create(b"88.900.1/A", second),
            Create(b"88.900.1/A", second, overwrite=True),
            Create(b"88.900.1/b", second, overwrite=True),
        ]
    )
    assert kinds(outcomes) == [NEW, HandleExists, REPLACED, NEW]
    assert await lookup(register, b"88.900.1/a") == (b"88.900.1/A", second, True)
    assert kinds(await register.submit([Create(b"88.900.1/a", first)])) == [HandleExists]


async def test_a_deleted_handle_is_gone_and_can_be_created_anew(register, packed):
    await register.submit([Create(b"88.900.1/a", packed((1, b"x")))])
    assert kinds(await register.submit([Delete(b"88.900.1/A"), Delete(b"88.900.1/a")])) == [
        REPLACED,
        HandleNotFound,
    ]
    assert await lookup(register, b"88.900.1/a") is None
    assert await register.count(b"88.900.1") == 0
    outcomes = await register.submit(
        [Create(b"88.900.1/a", packed((1, b"y"))), Delete(b"88.900.1/a"), Delete(b"88.900.1/a")]
    )
    assert kinds(outcomes) == [NEW, REPLACED, HandleNotFound]
    assert await lookup(register, b"88.900.1/a") is None


async def test_added_values_are_sorted_in_and_the_spelling_stays(register, packed):
    await register.submit([Create(b"88.900.1/a", packed((3, b"three"), (1, b"one")))])
    assert await register.submit([AddValues(b"88.900.1/A", packed((2, b"two")))]) == [NEW]
    assert await lookup(register, b"88.900.1/a") == (
        b"88.900.1/a",
        packed((1, b"one"), (2, b"two"), (3, b"three")),
        True,
    )


async def test_an_added_index_that_is_there_is_a_conflict_unless_it_overwrites(register, packed):
    await register.submit([Create(b"88.900.1/a", packed((1, b"one")))])
    change = packed((5, b"five"), (1, b"uno"))
    (conflict,) = await register.submit([AddValues(b"88.900.1/a", change)])
    assert isinstance(conflict, IndexConflict)
    assert conflict.index == 1
    assert (await lookup(register, b"88.900.1/a")).values == packed((1, b"one"))
    assert await register.submit([AddValues(b"88.900.1/a", change, overwrite=True)]) == [REPLACED]
    assert (await lookup(register, b"88.900.1/a")).values == packed((1, b"uno"), (5, b"five"))


async def test_modified_values_must_all_be_there(register, packed):
    await register.submit([Create(b"88.900.1/a", packed((2, b"two"), (1, b"one")))])
    outcomes = await register.submit(
        [
            ModifyValues(b"88.900.1/a", packed((1, b"uno"), (9, b"nine"))),
            ModifyValues(b"88.900.1/A", packed((1, b"uno"))),
            ModifyValues(b"88.900.1/b", packed((1, b"uno"))),
        ]
    )
    assert kinds(outcomes) == [ValuesNotFound, REPLACED, HandleNotFound]
    assert (await lookup(register, b"88.900.1/a")).values == packed((1, b"uno"), (2, b"two"))


async def test_removed_values_must_all_be_there(register, packed):
    await register.submit([Create(b"88.900.1/a", packed((2, b"two"), (1, b"one")))])
    outcomes = await register.submit(
        [
            RemoveValues(b"88.900.1/a", (1, 3)),
            RemoveValues(b"88.900.1/a", (2,)),
            RemoveValues(b"88.900.1/a", (2,)),
            RemoveValues(b"88.900.1/b", (2,)),
        ]
    )
    assert kinds(outcomes) == [ValuesNotFound, REPLACED, ValuesNotFound, HandleNotFound]
    assert (await lookup(register, b"88.900.1/a")).values == packed((1, b"one"))


async def test_a_record_is_public_only_if_each_value_is(register, packed):
    await register.submit(
        [
            Create(b"88.900.1/open", packed((1, b"x"))),
            Create(b"88.900.1/shut", packed((1, b"x"), (2, b"secret", 0x0C))),
        ]
    )
    assert (await lookup(register, b"88.900.1/open")).public
    assert not (await lookup(register, b"88.900.1/shut")).public
    await register.submit(
        [
            AddValues(b"88.900.1/open", packed((2, b"secret", 0x0C))),
            RemoveValues(b"88.900.1/shut", (2,)),
        ]
    )
    assert not (await lookup(register, b"88.900.1/open")).public
    assert (await lookup(register, b"88.900.1/shut")).public


async def test_what_the_caller_knows_of_readability_is_taken_over(register, packed):
    await register.submit([Create(b"88.900.1/a", packed((1, b"x")), public=False)])
    assert not (await lookup(register, b"88.900.1/a")).public


async def test_a_refused_mutation_leaves_its_neighbours_alone(register, packed):
    values = packed((1, b"x"))
    outcomes = await register.submit(
        [
            Create(b"88.900.1/a", values),
            Delete(b"88.900.1/nothing"),
            Create(b"", values),
            Create(b"88.900.1/" + b"x" * 4096, values),
            Create(b"88.900.1/cut", values[:-1]),
            Create(b"88.900.1/large", packed((1, bytes(RECORD_BYTES_MAX)))),
            AddValues(b"88.900.1/a", b"nonsense"),
            AddValues(b"88.900.1/a", packed((7, b"x"), (7, b"y"))),
            Create(b"88.900.1/b", values),
        ]
    )
    assert kinds(outcomes) == [
        NEW,
        HandleNotFound,
        InvalidHandle,
        InvalidHandle,
        InvalidValue,
        RecordTooLarge,
        InvalidValue,
        IndexConflict,
        NEW,
    ]
    assert (await register.page(b"88.900.1")).handles == [b"88.900.1/a", b"88.900.1/b"]


async def test_a_record_cannot_grow_beyond_its_limits(register, packed):
    await register.submit(
        [
            Create(b"88.900.1/many", packed(*((i, b"") for i in range(1, VALUES_MAX + 1)))),
            Create(b"88.900.1/large", packed((1, bytes(RECORD_BYTES_MAX - 200)))),
        ]
    )
    outcomes = await register.submit(
        [
            AddValues(b"88.900.1/many", packed((VALUES_MAX + 1, b""))),
            AddValues(b"88.900.1/large", packed((2, bytes(200)))),
        ]
    )
    assert kinds(outcomes) == [RecordTooLarge, RecordTooLarge]


async def test_an_all_or_nothing_submission_is_applied_whole(register, packed):
    outcomes = await register.submit(
        [
            Create(b"88.900.1/a", packed((1, b"x"))),
            AddValues(b"88.900.1/a", packed((2, b"y"))),
            Create(b"88.900.1/b", packed((1, b"x"))),
        ],
        all_or_nothing=True,
    )
    assert outcomes == [NEW, NEW, NEW]
    assert (await lookup(register, b"88.900.1/a")).values == packed((1, b"x"), (2, b"y"))
    assert await register.count(b"88.900.1") == 2


async def test_an_all_or_nothing_submission_with_one_refusal_changes_nothing(register, packed):
    await register.submit([Create(b"88.900.1/a", packed((1, b"x")))])
    outcomes = await register.submit(
        [
            ModifyValues(b"88.900.1/a", packed((1, b"y"))),
            Delete(b"88.900.1/a"),
            Create(b"88.900.1/b", packed((1, b"y"))),
            Delete(b"88.900.1/nothing"),
            Create(b"88.900.1/a", packed((1, b"z"))),
        ],
        all_or_nothing=True,
    )
    assert kinds(outcomes) == [
        BatchAborted,
        BatchAborted,
        BatchAborted,
        HandleNotFound,
        BatchAborted,
    ]
    assert (await lookup(register, b"88.900.1/a")).values == packed((1, b"x"))
    assert await lookup(register, b"88.900.1/b") is None


async def test_submissions_side_by_side_see_each_other_in_order(register, packed):
    results = await asyncio.gather(
        register.submit([Create(b"88.900.1/a", packed((1, b"1")))]),
        register.submit([Create(b"88.900.1/a", packed((1, b"2")))], all_or_nothing=True),
        register.submit([Create(b"88.900.1/b", packed((1, b"3")))], all_or_nothing=True),
        register.submit([Delete(b"88.900.1/a"), Create(b"88.900.1/a", packed((1, b"4")))]),
    )
    assert [kinds(result) for result in results] == [[NEW], [HandleExists], [NEW], [REPLACED, NEW]]
    assert (await lookup(register, b"88.900.1/a")).values == packed((1, b"4"))


async def test_a_large_batch_keeps_order_and_outcomes(register, packed):
    values = packed((1, b"x"))
    batch = [Create(b"88.900.1/%d" % (i % 30_000), values) for i in range(45_000)]
    outcomes = await register.submit(batch)
    assert kinds(outcomes) == [NEW] * 30_000 + [HandleExists] * 15_000
    assert await register.count(b"88.900.1") == 30_000


async def test_pages_run_through_a_prefix_once_and_in_order(register, packed):
    names = [b"88.900.1/%s%d" % (letter, i) for letter in (b"a", b"B") for i in range(25)]
    await register.submit([Create(name, packed((1, b"x"))) for name in names])
    await register.submit([Create(b"88.900.10/x", packed((1, b"x")))])
    seen, after = [], b""
    while after is not None:
        page = await register.page(b"88.900.1", after=after, limit=7)
        assert len(page.handles) <= 7
        seen += page.handles
        after = page.after
    assert seen == sorted(names, key=bytes.upper)
    assert await register.count(b"88.900.1") == 50


async def test_a_cursor_stays_right_under_writes(register, packed):
    values = packed((1, b"x"))
    await register.submit([Create(b"88.900.1/%d" % i, values) for i in range(9)])
    page = await register.page(b"88.900.1", limit=4)
    await register.submit([Delete(page.handles[-1]), Create(b"88.900.1/35", values)])
    rest = await register.page(b"88.900.1", after=page.after, limit=100)
    assert rest.handles == [b"88.900.1/35", *(b"88.900.1/%d" % i for i in range(4, 9))]
    assert rest.after is None


async def test_a_prefix_without_handles_lists_nothing(register):
    assert await register.page(b"88.999") == ([], None)
    assert await register.count(b"88.999") == 0


async def test_prefixes_fold_like_handles(register, packed):
    await register.submit([Create(b"88.900.Ab/x", packed((1, b"x")))])
    assert await register.count(b"88.900.aB") == 1
    assert (await register.page(b"88.900.ab")).handles == [b"88.900.Ab/x"]


async def test_changes_of_prefix_handles_are_told_once_they_are_visible(register, packed):
    told = []
    register.watch(lambda key: told.append((key, register.lookup(key) is not None)))
    values = packed((1, b"x"))
    await register.submit([Create(b"0.na/88.900.1", values), Create(b"88.900.1/a", values)])
    await register.submit([Delete(b"0.NA/88.900.1"), Delete(b"0.NA/88.900.2")])
    assert told == [(b"0.NA/88.900.1", True), (b"0.NA/88.900.1", False)]
