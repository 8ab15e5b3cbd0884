"""What every register promises about opening, closing and its bounds, whatever its index and its durability.

* All is the same after closing and opening again, from the image or from the log.
* One opener at a time; statistics follow the contents.
* Over the bound of the queue a submission is refused at once; a closed register refuses all.
* Closing carries out what was submitted; a caller that gives up holds nobody back.
"""

import asyncio

import pytest

from idnode.registry.embedded import image
from idnode.registry.embedded.limits import WRITE_QUEUE_ITEMS_MAX
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.errors import DataDirectoryInUse, HandleExists, RegisterBusy, RegisterClosed
from idnode.registry.limits import BATCH_ITEMS_MAX
from idnode.registry.mutation import AddValues, Applied, Create, Delete

NEW = Applied(replaced=False)


@pytest.fixture
async def register(tmp_path, options):
    opened = await EmbeddedRegister.open(tmp_path / "register", options)
    yield opened
    await opened.close()


def kinds(outcomes):
    return [outcome if isinstance(outcome, Applied) else type(outcome) for outcome in outcomes]


@pytest.mark.parametrize("from_image", [True, False], ids=["image", "log"])
async def test_everything_is_there_after_opening_again(tmp_path, options, packed, from_image):
    folder = tmp_path / "register"
    register = await EmbeddedRegister.open(folder, options)
    await register.submit([Create(b"88.900.1/%d" % i, packed((1, b"x"))) for i in range(100)])
    await register.submit([Delete(b"88.900.1/%d" % i) for i in range(0, 100, 3)])
    await register.submit([AddValues(b"88.900.1/1", packed((9, b"s", 0x0C)))])
    await register.submit(
        [Create(b"88.900.2/a", packed((1, b"x"))), Create(b"88.900.2/b", packed((1, b"x")))],
        all_or_nothing=True,
    )
    before = await _everything(register)
    stats = register.stats()
    await register.close()
    if not from_image:
        image.remove(folder)
    again = await EmbeddedRegister.open(folder, options)
    try:
        assert again.recovered.from_image is from_image
        assert await _everything(again) == before
        same = dict.fromkeys(("index_bytes",), 0)
        assert again.stats().identifiers == stats.identifiers
        assert again.stats().figures | same == stats.figures | same
        assert kinds(await again.submit([Create(b"88.900.2/A", packed((1, b"x")))])) == [
            HandleExists
        ]
        assert await again.submit([Create(b"88.900.2/c", packed((1, b"x")))]) == [NEW]
    finally:
        await again.close()


async def _everything(register):
    return [
        register.lookup(handle)
        for prefix in register.prefixes()
        for handle in (await register.page(prefix)).handles
    ]


async def test_a_second_opening_is_refused_while_the_first_lasts(tmp_path, options, register):
    with pytest.raises(DataDirectoryInUse):
        await EmbeddedRegister.open(tmp_path / "register", options)
    await register.close()
    again = await EmbeddedRegister.open(tmp_path / "register", options)
    await again.close()


async def test_statistics_follow_the_contents(register, packed):
    empty = register.stats()
    assert (empty.identifiers, empty.figures["log_live_bytes"], empty.figures["queue_items"]) == (
        0,
        0,
        0,
    )
    await register.submit([Create(b"88.900.1/%d" % i, packed((1, b"x"))) for i in range(10)])
    full = register.stats()
    assert full.identifiers == 10
    assert full.figures["index_bytes"] > empty.figures["index_bytes"]
    assert full.figures["log_live_bytes"] > 0
    await register.submit([Delete(b"88.900.1/%d" % i) for i in range(10)])
    gone = register.stats()
    assert (gone.identifiers, gone.figures["log_live_bytes"]) == (0, 0)
    assert gone.figures["log_dead_bytes"] > full.figures["log_live_bytes"]


async def test_over_the_bound_of_the_queue_a_submission_is_refused_at_once(register, packed):
    values = packed((1, b"x"))
    batch = [Delete(b"88.900.1/nothing")] * BATCH_ITEMS_MAX
    waiting = [
        asyncio.ensure_future(register.submit(batch))
        for _ in range(WRITE_QUEUE_ITEMS_MAX // BATCH_ITEMS_MAX)
    ]
    await asyncio.sleep(0)
    with pytest.raises(RegisterBusy):
        await register.submit([Create(b"88.900.1/a", values)])
    await asyncio.gather(*waiting)
    assert await register.submit([Create(b"88.900.1/a", values)]) == [NEW]


async def test_a_submission_beyond_the_batch_limit_is_a_mistake_of_the_caller(register):
    with pytest.raises(ValueError, match="50000"):
        await register.submit([Delete(b"88.900.1/a")] * (BATCH_ITEMS_MAX + 1))


async def test_an_empty_submission_is_answered(register):
    assert await register.submit([]) == []


async def test_closing_carries_out_what_was_submitted_and_refuses_the_rest(
    tmp_path, options, packed
):
    register = await EmbeddedRegister.open(tmp_path / "register", options)
    pending = asyncio.ensure_future(
        register.submit([Create(b"88.900.1/%d" % i, packed((1, b"x"))) for i in range(2000)])
    )
    await asyncio.sleep(0)
    await register.close()
    assert kinds(await pending) == [NEW] * 2000
    with pytest.raises(RegisterClosed):
        await register.submit([Delete(b"88.900.1/1")])
    await register.close()
    again = await EmbeddedRegister.open(tmp_path / "register", options)
    assert await again.count(b"88.900.1") == 2000
    await again.close()


async def test_a_caller_that_gives_up_does_not_hold_others_back(register, packed):
    impatient = asyncio.ensure_future(register.submit([Create(b"88.900.1/a", packed((1, b"x")))]))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await register.submit([Create(b"88.900.1/b", packed((1, b"x")))]) == [NEW]
    assert register.stats().figures["queue_items"] == 0
