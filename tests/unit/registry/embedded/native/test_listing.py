"""Handles are listed in order without being kept.

* In whatever order they came, over however many segments and runs, pages show each live one once.
* Batches that lie in order bring their runs with them; pages between, before and behind them find them all.
* Runs stay few; a sealed segment has one, in a file that is made again when it is missing or not right.
* A file goes with its segment, and what was left of others goes at the next opening.
* Many deleted handles make a page short, never long to wait for; following cursors leads to the end.
"""

import random

import msgpack
import pytest

from idnode.registry.embedded.native import listing as listings
from idnode.registry.embedded.native.order_file import SUFFIX
from idnode.registry.mutation import Create, Delete


def contents_of(register):
    return register._contents.listing


async def fill(register, packed, count=3000, size=300):
    order = random.Random(1).sample(range(count), count)
    values = packed((1, bytes(size)))
    for start in range(0, count, 500):
        handles = [b"88.900.1/%s%06d" % (b"aB"[i % 2 :][:1], i) for i in order[start : start + 500]]
        await register.submit([Create(handle, values) for handle in handles])
    return sorted((b"88.900.1/%s%06d" % (b"aB"[i % 2 :][:1], i) for i in order), key=bytes.upper)


async def everything(register, limit=700):
    seen, after, pages = [], b"", 0
    while after is not None:
        page = await register.page(b"88.900.1", after=after, limit=limit)
        seen += page.handles
        after = page.after
        pages += 1
    return seen, pages


@pytest.fixture
def small_runs(monkeypatch):
    """Have a run made for every few records."""
    monkeypatch.setattr(listings, "TAIL_BYTES", 4096)
    monkeypatch.setattr(listings, "RUNS_MAX", 16)


async def test_pages_show_each_live_handle_once_in_order(opened, packed, small_runs):
    register = await opened()
    expected = await fill(register, packed)
    assert register.stats().figures["segments"] > 2
    assert (await everything(register))[0] == expected
    gone = expected[::3]
    await register.submit([Delete(handle) for handle in gone])
    again = [handle.swapcase() for handle in expected[::9]]
    await register.submit([Create(handle, packed((1, b"x"))) for handle in again])
    left = {handle.upper(): handle for handle in expected if handle not in set(gone)}
    left |= {handle.upper(): handle for handle in again}
    assert (await everything(register))[0] == [left[key] for key in sorted(left)]
    assert await register.count(b"88.900.1") == len(left)


def batch_of(numbers, size):
    return msgpack.packb([[f"88.900.1/{n:06d}", [[1, "URL", bytes(size)]]] for n in numbers])


@pytest.mark.parametrize("looking", [False, True])
async def test_batches_in_any_order_are_listed(opened, packed, small_runs, looking):
    register = await opened()
    rng = random.Random(5)
    parts = [list(range(start, start + 100)) for start in range(0, 6000, 100)]
    rng.shuffle(parts)
    for part in parts[::3]:
        rng.shuffle(part)
    expected = []
    for part in parts:
        batch = await register.read_batch(batch_of(part, rng.randrange(1, 500)), lines=False, now=1)
        await register.submit_batch(batch)
        if part[0] % 7 == 0:
            await register.submit([Create(b"88.900.1/x%06d" % part[0], packed((1, b"x")))])
            expected.append(b"88.900.1/X%06d" % part[0])
        expected += [b"88.900.1/%06d" % n for n in part]
        if looking:
            listed = [handle.upper() for handle in (await everything(register))[0]]
            assert listed == sorted(expected)
    assert register.stats().figures["segments"] > 2
    assert [handle.upper() for handle in (await everything(register))[0]] == sorted(expected)
    register = await opened()
    assert [handle.upper() for handle in (await everything(register))[0]] == sorted(expected)


async def test_runs_stay_few(opened, packed, small_runs, tmp_path, monkeypatch):
    monkeypatch.setattr(listings, "RUNS_MAX", 8)
    register = await opened()
    expected = await fill(register, packed)
    contents_of(register).close()
    runs = contents_of(register)._runs
    sealed = sorted(runs)[:-1]
    assert all(len(runs[number]) == 1 for number in sealed)
    assert len(runs[max(runs)]) < 2 * listings.RUNS_MAX
    assert len(list((tmp_path / "register").glob("*" + SUFFIX))) == len(sealed)
    assert (await everything(register))[0] == expected


@pytest.mark.parametrize("damage", ["missing", "cut", "flipped", "empty", "of another segment"])
async def test_a_run_that_is_not_right_is_made_again(opened, packed, tmp_path, damage):
    register = await opened()
    expected = await fill(register, packed)
    await register.close()
    first, second, *_ = paths = sorted((tmp_path / "register").glob("*" + SUFFIX))
    whole = [path.read_bytes() for path in paths]
    match damage:
        case "missing":
            first.unlink()
        case "cut":
            first.write_bytes(whole[0][:-4])
        case "flipped":
            first.write_bytes(whole[0][:100] + bytes([whole[0][100] ^ 1]) + whole[0][101:])
        case "empty":
            first.write_bytes(b"")
        case _:
            first.write_bytes(whole[1])
    register = await opened()
    assert (await everything(register))[0] == expected
    assert [path.read_bytes() for path in paths] == whole
    assert second.exists()


async def test_a_run_goes_with_its_segment(opened, packed, tmp_path, options):
    from dataclasses import replace

    register = await opened()
    expected = await fill(register, packed)
    await register.submit([Delete(handle) for handle in expected[10:]])
    stray = tmp_path / "register" / f"segment-00009999{SUFFIX}"
    stray.write_bytes(b"left by somebody")
    register = await opened(replace(options, compact_dead_share=0.3))
    assert not stray.exists()
    task = register._compaction
    while register.stats().figures["segments"] > 2:
        task.poke()
        await register.submit([Create(b"88.900.2/x", packed((1, b"x")), overwrite=True)])
    contents_of(register).close()
    numbers = {segment.number for segment in register._log.segments()}
    left = {int(path.stem[8:]) for path in (tmp_path / "register").glob("*" + SUFFIX)}
    assert left <= numbers
    assert (await everything(register))[0] == expected[:10]


async def test_many_deleted_handles_make_pages_short_and_end(opened, packed, monkeypatch):
    register = await opened()
    expected = await fill(register, packed, size=10)
    await register.submit([Delete(handle) for handle in expected[5:-5]])
    monkeypatch.setattr(listings, "LOOKS_MAX", 100)
    first = await register.page(b"88.900.1", limit=50)
    assert first.handles == expected[:5]
    assert first.after is not None
    seen, pages = await everything(register, limit=50)
    assert seen == expected[:5] + expected[-5:]
    assert pages > 10


async def test_handles_of_every_shape_are_sorted_like_their_bytes(opened, packed):
    rng = random.Random(2)
    stems = [b"x" * n for n in (1, 6, 7, 8, 9, 15, 16, 17, 40)] + [
        b"a\x00",
        b"a\x00b",
        b"a",
        "泵".encode(),
    ]
    handles = {
        (b"88.900.1/" + rng.choice(stems) + bytes(rng.choices(b"\x00abAB/9", k=rng.randrange(12))))
        for _ in range(4000)
    }
    by_key = {handle.upper(): handle for handle in sorted(handles)}
    register = await opened()
    order = list(by_key.values())
    rng.shuffle(order)
    values = packed((1, b"x"))
    for start in range(0, len(order), 1000):
        await register.submit([Create(handle, values) for handle in order[start : start + 1000]])
    assert (await everything(register))[0] == [by_key[key] for key in sorted(by_key)]
