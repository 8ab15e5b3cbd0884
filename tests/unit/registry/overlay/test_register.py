"""The overlay keeps these promises.

- An identifier of the data set resolves as computed until somebody changes it, and then as written.
- Creating over one needs ``overwrite``; adding, modifying and removing values start from its computed record; a
  deleted one stays deleted, also after a restart, and can be created anew.
- A refused change, alone or in a batch, leaves the identifier as it was; changes of one identifier that come together
  are carried out one after the other.
- A listing has every identifier once: those of the data set in order, then those written beside them; pages are found
  anywhere, and cursors stay right under writes.
- Computed and written identifiers are never counted together; whiteouts are not counted at all.
- Prefix handles are computed too, and can be changed and deleted like identifiers.
"""

import asyncio

import msgpack
import pytest

from idnode.registry.datasets.suzhou.dataset import Suzhou
from idnode.registry.embedded.core import CORES
from idnode.registry.embedded.options import Durability, RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.errors import BatchAborted, HandleExists, HandleNotFound, ValuesNotFound
from idnode.registry.handle import values
from idnode.registry.handle.errors import IndexConflict, RecordTooLarge
from idnode.registry.mutation import AddValues, Applied, Create, Delete, ModifyValues, RemoveValues
from idnode.registry.overlay.prefix_handles import ComputedPrefixHandles
from idnode.registry.overlay.register import WHITEOUT_PREFIX, OverlayRegister

PREFIX = b"88.911.7"
NEW = Applied(replaced=False)
REPLACED = Applied(replaced=True)


@pytest.fixture(scope="session")
def suzhou():
    return Suzhou()


@pytest.fixture
def computed(suzhou):
    return suzhou.identifiers(PREFIX)


def packed(*listed):
    return values.join([values.pack_value(i, b"DESC", data, timestamp=9) for i, data in listed])


OWN = packed((1, b"own"))


@pytest.fixture(params=sorted(CORES))
async def opened(request, tmp_path, suzhou):
    """Return a function that opens the overlay over one folder, again and again."""
    registers = []

    async def again():
        if registers:
            await registers[-1].close()
        register = await EmbeddedRegister.open(
            tmp_path / "register",
            RegisterOptions(durability=Durability.NONE, core=CORES[request.param]),
        )
        registers.append(register)
        return await OverlayRegister.open(
            register, suzhou, ComputedPrefixHandles(suzhou, b"88.900", 5)
        )

    yield again
    await registers[-1].close()


@pytest.fixture
async def overlay(opened):
    return await opened()


async def submit(overlay, *mutations, **options):
    return await overlay.submit(mutations, **options)


async def _all(overlay, prefix=PREFIX, *, after=b"", limit=100, pages=10):
    found = []
    while pages and after is not None:
        page = await overlay.page(prefix, after=after, limit=limit)
        found += page.handles
        after = page.after
        pages -= 1
    return found


def _data(overlay, handle):
    stored = overlay.lookup(handle)
    return None if stored is None else {v.index: v.data for v in values.unpack(stored.values)}


async def test_any_identifier_resolves_as_computed(overlay, computed):
    for position in (0, 1, 4711, computed.count - 1):
        handle = computed.handle(position)
        stored = overlay.lookup(handle.lower())
        assert stored == (handle, computed.values(position), True)


async def test_what_was_never_issued_is_absent(overlay, computed):
    handle = computed.handle(0)
    assert overlay.lookup(handle[:-1]) is None
    assert overlay.lookup(handle[:-1] + b"X") is None
    assert overlay.lookup(PREFIX + b"/") is None
    assert overlay.lookup(b"88.911/x") is None


async def test_creating_over_one_needs_overwrite(overlay, computed):
    handle = computed.handle(3)
    (refused,) = await submit(overlay, Create(handle, OWN))
    assert isinstance(refused, HandleExists)
    assert overlay.lookup(handle).values == computed.values(3)
    assert await submit(overlay, Create(handle.lower(), OWN, overwrite=True)) == [REPLACED]
    assert overlay.lookup(handle) == (handle.lower(), OWN, True)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (lambda h: AddValues(h, OWN), lambda before, after: after == before | {1: b"own"}),
        (
            lambda h: ModifyValues(h, packed((2000, b"other"))),
            lambda before, after: after == before | {2000: b"other"},
        ),
        (
            lambda h: AddValues(h, packed((2000, b"other")), overwrite=True),
            lambda before, after: after == before | {2000: b"other"},
        ),
        (
            lambda h: RemoveValues(h, (2001, 2002)),
            lambda before, after: (
                after == {i: d for i, d in before.items() if i not in {2001, 2002}}
            ),
        ),
    ],
    ids=["add", "modify", "replace", "remove"],
)
async def test_changes_of_values_start_from_the_computed_record(opened, computed, change, check):
    overlay = await opened()
    handle = computed.handle(5)
    before = _data(overlay, handle)
    (outcome,) = await submit(overlay, change(handle))
    assert isinstance(outcome, Applied)
    assert check(before, _data(overlay, handle))
    overlay = await opened()
    assert check(before, _data(overlay, handle))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda h: AddValues(h, packed((2000, b"taken"))), IndexConflict),
        (lambda h: ModifyValues(h, packed((7, b"absent"))), ValuesNotFound),
        (lambda h: RemoveValues(h, (7,)), ValuesNotFound),
        (
            lambda h: Create(h, packed(*((i, bytes(900)) for i in range(1, 300))), overwrite=True),
            RecordTooLarge,
        ),
    ],
    ids=["add", "modify", "remove", "overwrite"],
)
async def test_a_refused_change_leaves_it_as_computed(overlay, computed, change, error):
    handle = computed.handle(5)
    (outcome,) = await submit(overlay, change(handle))
    assert isinstance(outcome, error)
    assert overlay.lookup(handle) == (handle, computed.values(5), True)
    assert overlay.stats().identifiers == 0
    assert overlay.count_computed() == 6_500_000_000


async def test_a_deleted_one_stays_deleted_and_can_be_created_anew(opened, computed):
    overlay = await opened()
    handle = computed.handle(8)
    assert await submit(overlay, Delete(handle.lower())) == [REPLACED]
    for _ in range(2):
        assert overlay.lookup(handle) is None
        assert isinstance((await submit(overlay, Delete(handle)))[0], HandleNotFound)
        assert isinstance((await submit(overlay, AddValues(handle, OWN)))[0], HandleNotFound)
        overlay = await opened()
    assert await submit(overlay, Create(handle, OWN)) == [NEW]
    assert overlay.lookup(handle).values == OWN
    overlay = await opened()
    assert overlay.lookup(handle).values == OWN
    assert await submit(overlay, Delete(handle)) == [REPLACED]
    assert overlay.lookup(handle) is None
    overlay = await opened()
    assert overlay.lookup(handle) is None


async def test_a_batch_is_decided_in_order(overlay, computed):
    one, two, three = map(computed.handle, (1, 2, 3))
    other = PREFIX + b"/other"
    outcomes = await submit(
        overlay,
        Create(other, OWN),
        Delete(one),
        Create(one, OWN),
        Create(two, OWN),
        AddValues(three, OWN),
        AddValues(three, OWN),
        Create(other, OWN),
    )
    assert outcomes[:3] == [NEW, REPLACED, NEW]
    assert [type(outcome) for outcome in outcomes[3:]] == [
        *(HandleExists, Applied, IndexConflict, HandleExists)
    ]
    assert overlay.lookup(one).values == OWN
    assert overlay.lookup(two).values == computed.values(2)


async def test_all_or_nothing_holds_for_computed_ones(overlay, computed):
    one, two = map(computed.handle, (1, 2))
    other = PREFIX + b"/other"
    for last in (Create(two, OWN), ModifyValues(two, packed((7, b"absent")))):
        changes = (Create(other, OWN), Delete(one), last)
        outcomes = await submit(overlay, *changes, all_or_nothing=True)
        assert [type(o) for o in outcomes[:2]] == [BatchAborted] * 2
        assert isinstance(outcomes[2], HandleExists | ValuesNotFound)
        assert overlay.lookup(other) is None
        assert overlay.lookup(one).values == computed.values(1)
    changes = (Create(other, OWN), Delete(one), Create(two, OWN, overwrite=True))
    outcomes = await submit(overlay, *changes, all_or_nothing=True)
    assert outcomes == [NEW, REPLACED, REPLACED]
    assert overlay.lookup(one) is None
    assert overlay.lookup(two).values == overlay.lookup(other).values == OWN


async def test_changes_that_come_together_follow_each_other(overlay, computed):
    handle = computed.handle(9)
    outcomes = await asyncio.gather(
        *(submit(overlay, AddValues(handle, packed((number, b"x")))) for number in range(1, 30))
    )
    assert outcomes == [[NEW]] * 29
    assert set(range(1, 30)) < _data(overlay, handle).keys()
    gone, late = await asyncio.gather(
        submit(overlay, Delete(handle)), submit(overlay, AddValues(handle, OWN))
    )
    assert gone == [REPLACED]
    assert isinstance(late[0], HandleNotFound)


async def test_a_change_is_settled_even_if_its_caller_goes_away(overlay, computed):
    handle = computed.handle(10)
    task = asyncio.create_task(submit(overlay, Delete(handle)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance((await submit(overlay, Delete(handle)))[0], HandleNotFound)
    assert overlay.lookup(handle) is None


async def test_a_listing_has_the_data_set_first_and_then_what_was_written(overlay, computed):
    written = [PREFIX + b"/zz", PREFIX + b"/AA", PREFIX + b"/0"]
    await submit(overlay, *(Create(handle, OWN) for handle in written))
    await submit(overlay, Delete(computed.handle(1)), Delete(computed.handle(4)))
    await submit(overlay, AddValues(computed.handle(2), OWN))
    first = await overlay.page(PREFIX, limit=4)
    assert first.handles == [computed.handle(position) for position in (0, 2, 3, 5)]
    second = await overlay.page(PREFIX, after=first.after, limit=1)
    assert second.handles == [computed.handle(6)]
    tail = await overlay.page(PREFIX, after=computed.handle(computed.count - 3), limit=3)
    assert tail.handles == [
        *map(computed.handle, (computed.count - 2, computed.count - 1)),
        PREFIX + b"/0",
    ]
    rest = await overlay.page(PREFIX, after=tail.after, limit=2)
    assert rest == ([PREFIX + b"/AA", PREFIX + b"/zz"], None)


async def test_a_cursor_stays_right_under_writes(overlay, computed):
    page = await overlay.page(PREFIX, limit=5)
    await submit(overlay, Delete(computed.handle(4)), Delete(computed.handle(5)))
    following = await overlay.page(PREFIX, after=page.after, limit=2)
    assert following.handles == [computed.handle(6), computed.handle(7)]


@pytest.mark.parametrize("page_size", [1, 7, 1000])
async def test_a_page_is_found_anywhere(overlay, computed, page_size):
    gone = [0, 3, 4, 5, 2000, computed.count - 2]
    await submit(overlay, *(Delete(computed.handle(position)) for position in gone))
    await submit(overlay, Create(PREFIX + b"/own", OWN))
    total = await overlay.count(PREFIX)
    assert total == computed.count - len(gone) + 1
    kept = [position for position in range(6000) if position not in gone]
    for page in (0, 1, 2, 5000 // page_size):
        place = page * page_size
        reached, cursor = overlay.seek(PREFIX, place)
        assert reached == place
        found = (await overlay.page(PREFIX, after=cursor, limit=2)).handles
        assert found == [computed.handle(position) for position in kept[place : place + 2]]
    reached, cursor = overlay.seek(PREFIX, total - 2)
    last = await overlay.page(PREFIX, after=cursor, limit=5)
    assert last == ([computed.handle(computed.count - 1), PREFIX + b"/own"], None)
    assert overlay.seek(PREFIX, total + 9)[0] == total - 1


async def test_counts_never_mix(opened, computed):
    overlay = await opened()
    everything = 6_500_000_000
    assert (overlay.stats().identifiers, overlay.count_computed()) == (0, everything)
    await submit(overlay, Create(PREFIX + b"/own", OWN), Delete(computed.handle(1)))
    await submit(overlay, AddValues(computed.handle(2), OWN))
    for _ in range(2):
        assert (overlay.stats().identifiers, overlay.count_computed()) == (2, everything - 2)
        assert await overlay.count(PREFIX) == computed.count
        overlay = await opened()


async def test_prefix_handles_are_computed_too(overlay, suzhou):
    told = []
    overlay.watch(told.append)
    handle = b"0.NA/88.911.7"
    data = _data(overlay, handle)
    assert data[2].decode() == suzhou.enterprise(PREFIX).name
    assert not overlay.lookup(handle).public
    prefixes = await _all(overlay, b"0.NA", limit=1000)
    assert len(prefixes) == await overlay.count(b"0.NA") == 12 + 4160
    await submit(overlay, Delete(handle))
    assert overlay.lookup(handle) is None
    assert told == [handle]
    assert handle not in await _all(overlay, b"0.NA", limit=1000)
    await submit(overlay, Create(handle, OWN))
    assert overlay.lookup(handle).values == OWN
    assert set(told) == {handle}
    assert overlay.count_computed() == 6_500_000_000


async def test_other_prefixes_are_the_register_s_alone(overlay):
    handle = b"88.900.1/x"
    assert await submit(overlay, Create(handle, OWN)) == [NEW]
    assert await overlay.page(b"88.900.1") == ([handle], None)
    assert await overlay.count(b"88.900.1") == 1
    assert overlay.seek(b"88.900.1", 5) == (0, b"")
    assert not overlay.computes(b"88.900.1")


async def test_marks_of_another_seed_do_not_matter(opened, computed, tmp_path):
    overlay = await opened()
    await submit(overlay, Create(WHITEOUT_PREFIX + b"/88.911.7/NEVER-ISSUED", values.EMPTY))
    overlay = await opened()
    assert await overlay.count(PREFIX) == computed.count


async def test_a_record_written_before_there_was_a_data_set_can_be_deleted(
    opened, suzhou, computed
):
    overlay = await opened()
    handle = computed.handle(77)
    await overlay._register.submit([Create(handle, OWN)])
    assert overlay.lookup(handle).values == OWN
    assert isinstance((await submit(overlay, Create(handle, OWN)))[0], HandleExists)
    await submit(overlay, AddValues(handle, packed((2, b"more"))))
    assert set(_data(overlay, handle)) == {1, 2}
    assert await submit(overlay, Delete(handle)) == [REPLACED]
    assert overlay.lookup(handle) is None


@pytest.mark.parametrize(
    ("handles", "read"),
    [
        (["88.900.1/a", "88.900.1/b"], True),
        (["88.900.1/a", "88.911.7/b"], False),
        (["0.NA/88.911.7"], False),
    ],
)
async def test_batches_that_may_touch_computed_ones_are_not_read_by_the_core(
    overlay, handles, read
):
    request = msgpack.packb([[handle, [[1, "URL", "x"]]] for handle in handles])
    batch = await overlay.capabilities.batches.read_batch(request, lines=False, now=7)
    if batch is None and read:
        pytest.skip("only the compiled core reads batches")
    assert (batch is not None) == read
    if batch is not None:
        await overlay.capabilities.batches.submit_batch(
            batch, all_or_nothing=False, overwrite=False
        )
        assert batch.accepted == len(handles)
        assert overlay.lookup(handles[0].encode()) is not None
