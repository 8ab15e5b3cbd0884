"""What an engine promises that keeps and restores states (`Capabilities.states`); the embedded one, with each core.

* Restored, a register answers, counts, lists and admits as when the state was kept, and goes on from there.
* What was written since is gone, also after a restart; a state serves any number of times.
* States stay whole when their records are overwritten, deleted and compacted afterwards.
* Writes that were submitted before are answered; watchers hear of the prefix handles that are not what they were.
* A folder that holds no state of this register is refused, and nothing changes.
"""

import asyncio

import pytest

from idnode.registry.embedded.options import SEGMENT_BYTES_MIN, RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.embedded.storage.check import check
from idnode.registry.errors import HandleExists, LogDamaged
from idnode.registry.mutation import Applied, Create, Delete


@pytest.fixture
async def opened(tmp_path, core):
    """Opens the register of one folder; whatever is open at the end is closed."""
    registers = []

    async def opening(**options):
        for register in registers:
            await register.close()
        options = RegisterOptions(core=core, **options)
        registers.append(await EmbeddedRegister.open(tmp_path / "register", options))
        return registers[-1]

    yield opening
    for register in registers:
        await register.close()


def records(register, *handles):
    return {handle: register.lookup(handle) for handle in handles}


async def all_handles(register, prefix):
    return (await register.page(prefix)).handles


async def test_a_restored_register_is_as_it_was_and_goes_on(opened, packed, tmp_path):
    register = await opened()
    old, new = packed((1, b"old")), packed((1, b"new"))
    await register.submit([Create(b"88.900.1/%d" % i, old) for i in range(10)])
    states = register.capabilities.states
    await states.save(tmp_path / "state")
    for _ in range(2):
        await register.submit(
            [
                Create(b"88.900.1/0", new, overwrite=True),
                Delete(b"88.900.1/1"),
                *(Create(b"88.900.2/%d" % i, new) for i in range(2000)),
            ]
        )
        await states.restore(tmp_path / "state")
        assert register.lookup(b"88.900.1/0").values == old
        assert register.lookup(b"88.900.1/1").values == old
        assert register.lookup(b"88.900.2/0") is None
        assert await register.count(b"88.900.2") == 0
        assert register.stats().identifiers == 10
        assert await all_handles(register, b"88.900.1") == [b"88.900.1/%d" % i for i in range(10)]
        refused, made = await register.submit(
            [Create(b"88.900.1/1", new), Create(b"88.900.1/later", new)]
        )
        assert isinstance(refused, HandleExists)
        assert isinstance(made, Applied)
        assert b"88.900.1/later" in await all_handles(register, b"88.900.1")
    register = await opened()
    assert register.stats().identifiers == 11
    assert register.lookup(b"88.900.1/later").values == new
    assert register.lookup(b"88.900.2/0") is None
    await register.close()
    assert check(tmp_path / "register").healthy


async def test_a_state_outlives_restarts_and_serves_a_register_that_was_opened_anew(
    opened, packed, tmp_path
):
    register = await opened()
    await register.submit([Create(b"88.900.1/a", packed((1, b"x")))])
    await register.capabilities.states.save(tmp_path / "state")
    await register.submit([Create(b"88.900.1/b", packed((1, b"x")))])
    register = await opened()
    await register.capabilities.states.restore(tmp_path / "state")
    assert await all_handles(register, b"88.900.1") == [b"88.900.1/a"]
    register = await opened(verify=True)
    assert await all_handles(register, b"88.900.1") == [b"88.900.1/a"]


async def test_states_may_be_left_and_returned_to_in_any_order(opened, packed, tmp_path):
    register = await opened()
    states = register.capabilities.states
    for name in ("a", "b", "c"):
        await register.submit([Create(b"88.900.1/" + name.encode(), packed((1, b"x")))])
        await states.save(tmp_path / name)
    for name, count in (("a", 1), ("c", 3), ("b", 2), ("a", 1), ("b", 2)):
        await states.restore(tmp_path / name)
        assert await register.count(b"88.900.1") == count
        assert len(await all_handles(register, b"88.900.1")) == count


async def test_a_state_without_its_image_is_read_from_its_log(opened, packed, tmp_path):
    register = await opened()
    states = register.capabilities.states
    await register.submit([Create(b"88.900.1/%d" % i, packed((1, b"x"))) for i in range(50)])
    await register.submit([Delete(b"88.900.1/7")])
    await states.save(tmp_path / "state")
    (tmp_path / "state" / "index.image").write_bytes(b"nothing")
    await register.submit([Delete(b"88.900.1/%d" % i) for i in range(5)])
    await states.restore(tmp_path / "state")
    assert await register.count(b"88.900.1") == 49
    assert register.lookup(b"88.900.1/0") is not None
    assert register.lookup(b"88.900.1/7") is None


async def test_states_survive_compaction(opened, packed, tmp_path):
    register = await opened(segment_bytes=SEGMENT_BYTES_MIN, compact_dead_share=0.1)
    states = register.capabilities.states
    values = packed((1, b"x" * 3000))
    handles = [b"88.900.1/%d" % i for i in range(40)]
    await register.submit([Create(handle, values) for handle in handles])
    await states.save(tmp_path / "state")
    kept = {path.name for path in (tmp_path / "state").glob("segment-*")}
    other = packed((1, b"y" * 3000))
    while any((tmp_path / "register" / name).exists() for name in kept):
        await register.submit([Create(handle, other, overwrite=True) for handle in handles])
    await states.restore(tmp_path / "state")
    assert all(register.lookup(handle).values == values for handle in handles)
    await register.close()
    register = await opened()
    assert all(register.lookup(handle).values == values for handle in handles)


async def test_writes_in_flight_are_answered_and_gone(opened, packed, tmp_path):
    register = await opened()
    states = register.capabilities.states
    await states.save(tmp_path / "state")
    writing = [
        register.submit([Create(b"88.900.%d/a" % i, packed((1, b"x")))]) for i in range(1, 50)
    ]
    restoring = asyncio.ensure_future(states.restore(tmp_path / "state"))
    assert all(outcomes == [Applied(False)] for outcomes in await asyncio.gather(*writing))
    await restoring
    assert register.stats().identifiers == 0


async def test_watchers_hear_of_prefix_handles_that_changed(opened, packed, tmp_path):
    register = await opened()
    states = register.capabilities.states
    same, other = packed((1, b"x")), packed((1, b"y"))
    await register.submit([Create(b"0.NA/88.900.%d" % i, same) for i in range(4)])
    await states.save(tmp_path / "state")
    await register.submit(
        [
            Create(b"0.NA/88.900.0", other, overwrite=True),
            Delete(b"0.NA/88.900.1"),
            Create(b"0.NA/88.900.9", same),
        ]
    )
    heard = {}
    register.watch(lambda key: heard.update({key: register.lookup(key)}))
    await states.restore(tmp_path / "state")
    assert heard.keys() == {b"0.NA/88.900.0", b"0.NA/88.900.1", b"0.NA/88.900.9"}
    assert heard[b"0.NA/88.900.0"].values == same
    assert heard[b"0.NA/88.900.1"].values == same
    assert heard[b"0.NA/88.900.9"] is None


async def test_a_folder_that_holds_no_state_of_this_register_is_refused(
    opened, packed, tmp_path, core
):
    register = await opened()
    states = register.capabilities.states
    await register.submit([Create(b"88.900.1/a", packed((1, b"x")))])
    other = await EmbeddedRegister.open(tmp_path / "other", RegisterOptions(core=core))
    await other.capabilities.states.save(tmp_path / "foreign")
    await other.close()
    await states.save(tmp_path / "broken")
    next((tmp_path / "broken").glob("segment-*")).unlink()
    for folder in ("nothing", "foreign", "broken"):
        with pytest.raises(LogDamaged):
            await states.restore(tmp_path / folder)
    with pytest.raises(FileExistsError):
        await states.save(tmp_path / "broken")
    assert await register.count(b"88.900.1") == 1
    assert await register.submit([Create(b"88.900.1/b", packed((1, b"x")))]) == [Applied(False)]
