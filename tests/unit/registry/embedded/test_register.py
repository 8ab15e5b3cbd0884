"""What the register does beyond the contract that every engine keeps (`tests/contract/test_register.py`).

* A snapshot taken under writes is a register of its own, whole and checked.
* Without room for the image the register closes all the same, and reads its log at the next start.
* A limit of a page is kept within its bounds.
* A record that is damaged on the disk is told, never answered.
"""

import asyncio
import errno

import pytest

from idnode.registry.embedded import image
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.embedded.storage.check import check
from idnode.registry.embedded.storage.segment import HEADER_BYTES, file_name
from idnode.registry.errors import LogDamaged
from idnode.registry.mutation import Create


async def test_a_snapshot_under_writes_is_a_register_of_its_own(opened, packed, tmp_path):
    register = await opened()
    values = packed((1, b"x"))
    await register.submit([Create(b"88.900.1/%d" % i, values) for i in range(1000)])
    copying = asyncio.ensure_future(register.snapshot(tmp_path / "copy"))
    for i in range(1000, 1100):
        await register.submit([Create(b"88.900.1/%d" % i, values)])
    report = await copying
    assert report.bytes > 0
    assert check(tmp_path / "copy").healthy
    copy = await EmbeddedRegister.open(tmp_path / "copy")
    found = await copy.count(b"88.900.1")
    assert 1000 <= found <= 1100
    assert all(
        copy.lookup(b"88.900.1/%d" % i) == (b"88.900.1/%d" % i, values, True) for i in range(found)
    )
    await copy.close()
    with pytest.raises(FileExistsError):
        await register.snapshot(tmp_path / "copy")


async def test_without_room_for_the_image_the_next_start_reads_the_log(
    opened, packed, monkeypatch, caplog
):
    def full(*_):
        raise OSError(errno.ENOSPC, "the disk is full")

    register = await opened()
    await register.submit([Create(b"88.900.1/a", packed((1, b"x")))])
    with monkeypatch.context() as patch:
        patch.setattr(image, "save", full)
        await register.close()
    assert "the disk is full" in caplog.text
    again = await opened()
    assert not again.recovered.from_image
    assert await again.count(b"88.900.1") == 1


async def test_the_limit_of_a_page_is_kept_within_its_bounds(opened, packed, monkeypatch):
    monkeypatch.setattr("idnode.registry.embedded.register.PAGE_HANDLES_MAX", 5)
    register = await opened()
    await register.submit([Create(b"88.900.1/%d" % i, packed((1, b"x"))) for i in range(9)])
    assert len((await register.page(b"88.900.1", limit=100)).handles) == 5
    assert len((await register.page(b"88.900.1", limit=0)).handles) == 1
    assert len((await register.page(b"88.900.1", limit=-1)).handles) == 1


async def test_a_damaged_record_is_told_and_never_answered(opened, packed, tmp_path):
    register = await opened()
    await register.submit([Create(b"88.900.1/a", packed((1, b"data")))])
    path = tmp_path / "register" / file_name(1)
    with path.open("r+b") as file:
        file.seek(HEADER_BYTES + 40)
        file.write(b"\xff")
    with pytest.raises(LogDamaged):
        register.lookup(b"88.900.1/a")
    with pytest.raises(LogDamaged):
        await register.page(b"88.900.1")
    (outcome,) = await register.submit(
        [Create(b"88.900.1/a", packed((1, b"anew")), overwrite=True)]
    )
    assert outcome.replaced
    assert register.lookup(b"88.900.1/a").values == packed((1, b"anew"))
