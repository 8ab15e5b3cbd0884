"""Damaged copies of a register: none is served as if nothing were missing.

* Bits flipped, stretches zeroed, files cut, lengthened, swapped, removed or older than the others, of a register that was
  closed or killed: a start refuses, or the check says what is wrong, or every acknowledged record is there.
* What a start serves of a damaged copy is never another record than the one that was written.

``--rounds`` says how many copies.
"""

import asyncio
import random
import shutil
from contextlib import suppress

import pytest
from tests.killed_copy import killed_copy

from idnode.registry.embedded import image
from idnode.registry.embedded.options import SEGMENT_BYTES_MIN, RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.embedded.storage.check import check
from idnode.registry.errors import LogDamaged
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.values import pack
from idnode.registry.mutation import Create, Delete

pytestmark = [pytest.mark.crash, pytest.mark.timeout(3600)]

COPIES = 60
HANDLES = 300
OPTIONS = RegisterOptions(segment_bytes=SEGMENT_BYTES_MIN, compact_dead_share=2.0)


class Origin:
    """A register's folder as it was closed or killed, an older state of it, and what was acknowledged."""

    def __init__(self, folder, older, records):
        self.folder, self.older, self.records = folder, older, records
        self.files = sorted(path.name for path in folder.iterdir() if path.stat().st_size)

    def segments(self):
        return [name for name in self.files if name.startswith("segment")]


async def _write(folder, chance, records, count):
    register = await EmbeddedRegister.open(folder, OPTIONS)
    for _ in range(count):
        batch = []
        for number in chance.sample(range(HANDLES), 8):
            handle = b"88.900.1/%d" % number
            if handle in records and chance.random() < 0.2:
                batch.append(Delete(handle))
                del records[handle]
            else:
                data = chance.randbytes(chance.choice((10, 500, 4000)))
                records[handle] = pack([HandleValue(1, "URL", data)])
                batch.append(Create(handle, records[handle], overwrite=True))
        await register.submit(batch)
    return register


@pytest.fixture
async def origins(tmp_path):
    """Return a register that was closed, and one whose process is gone."""
    chance, made = random.Random(28), []
    for name in ("closed", "killed"):
        folder, records = tmp_path / name, {}
        register = await _write(folder, chance, records, 100)
        await register.close()
        older = shutil.copytree(folder, tmp_path / f"{name}-older")
        register = await _write(folder, chance, records, 60)
        if name == "killed":
            folder = killed_copy(folder, tmp_path / "as-killed")
        await register.close()
        made.append(Origin(folder, older, records))
    return made


def _flip(origin, copy, chance):
    path = copy / chance.choice(origin.files)
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 1, 3))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def _zero(origin, copy, chance):
    path = copy / chance.choice(origin.files)
    content = bytearray(path.read_bytes())
    start = chance.randrange(len(content))
    size = min(chance.choice((8, 512, 4096, len(content))), len(content) - start)
    content[start : start + size] = bytes(size)
    path.write_bytes(content)


def _cut(origin, copy, chance):
    path = copy / chance.choice(origin.files)
    path.write_bytes(path.read_bytes()[: chance.randrange(path.stat().st_size)])


def _lengthen(origin, copy, chance):
    with (copy / chance.choice(origin.files)).open("ab") as file:
        file.write(chance.choice((bytes(100), chance.randbytes(100))))


def _swap(origin, copy, chance):
    one, other = chance.sample(origin.segments(), 2)
    (copy / one).rename(copy / "aside")
    (copy / other).rename(copy / one)
    (copy / "aside").rename(copy / other)


def _double(origin, copy, chance):
    one, other = chance.sample(origin.segments(), 2)
    shutil.copy(copy / one, copy / other)


def _remove(origin, copy, chance):
    (copy / chance.choice(origin.files)).unlink()


def _age(origin, copy, chance):
    name = chance.choice(sorted(path.name for path in origin.older.iterdir()))
    shutil.copy(origin.older / name, copy / name)


DAMAGES = (_flip, _flip, _flip, _zero, _cut, _lengthen, _swap, _double, _remove, _age)


async def _served(copy, records, *, verify):
    """Return whether a start serves everything that was acknowledged; None: it refuses, or says so of records."""
    options = RegisterOptions(
        segment_bytes=SEGMENT_BYTES_MIN, compact_dead_share=2.0, verify=verify
    )
    register = await EmbeddedRegister.open(copy, options)
    try:
        listed, after = [], b""
        while page := (await register.page(b"88.900.1", after=after)).handles:
            listed += page
            after = page[-1]
        for handle, values in records.items():
            stored = register.lookup(handle)
            if stored is None:
                return False
            assert stored.values == values, "another record than was written"
        return sorted(listed) == sorted(records)
    finally:
        await register.close()


def _flagged(copy):
    """Return whether the check finds anything wrong, as `idnode check` does it."""
    try:
        clean = image.read_mark(copy)
    except LogDamaged:
        clean = None  # said, and harmless: a start does without it
    try:
        return not check(copy, clean=clean).healthy
    except (RegistryError, OSError):
        return True


async def test_28_no_damaged_copy_misses_records_in_silence(tmp_path, origins, rounds, tell):
    chance = random.Random(1728)
    counts = {"refused": 0, "flagged": 0, "right": 0}
    for number in range(rounds(COPIES)):
        origin, damage = chance.choice(origins), chance.choice(DAMAGES)
        copy = shutil.copytree(origin.folder, tmp_path / "copy")
        damage(origin, copy, chance)
        flagged = await asyncio.to_thread(_flagged, copy)
        whole = None
        with suppress(RegistryError, OSError):
            whole = await _served(copy, origin.records, verify=number % 2 == 0)
        assert flagged or whole is not False, (number, damage.__name__, origin.folder.name)
        counts["refused" if whole is None else "right" if whole else "flagged"] += 1
        shutil.rmtree(copy)
    tell(f"{rounds(COPIES)} damaged copies: {counts}, missing in silence 0")
