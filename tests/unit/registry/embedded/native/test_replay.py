"""The compiled core finds in a log what the one in Python finds, and judges nothing itself.

* Whatever byte of the log is flipped, or wherever it ends: both find the same records, the same cut, or the same
  damage in the same words.
* The records of every kind that are replayed add up to the same figures.
"""

import logging
import shutil

import pytest

from idnode.registry.embedded import image
from idnode.registry.embedded.core import CORES
from idnode.registry.embedded.options import SEGMENT_BYTES_MIN, RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.embedded.storage.segment import HEADER_BYTES, file_name
from idnode.registry.errors import LogDamaged
from idnode.registry.mutation import AddValues, Create, Delete


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.ERROR)


@pytest.fixture
async def written(tmp_path, packed):
    """A closed register without an image, and what its segment holds."""
    folder = tmp_path / "written"
    register = await EmbeddedRegister.open(folder, RegisterOptions(segment_bytes=SEGMENT_BYTES_MIN))
    await register.submit([Create(b"88.900.1/%d" % i, packed((1, b"x"))) for i in range(3)])
    await register.submit([Delete(b"88.900.1/1"), AddValues(b"88.900.1/0", packed((2, b"y", 0xC)))])
    whole = [Create(b"88.900.2/%d" % i, packed((1, b"x"))) for i in range(3)]
    await register.submit(whole, all_or_nothing=True)
    end = register._log.mark().offset
    await register.close()
    image.remove(folder)
    return folder, (folder / file_name(1)).read_bytes(), end


async def found(folder, core):
    """Return everything that opening a folder leads to."""
    try:
        options = RegisterOptions(segment_bytes=SEGMENT_BYTES_MIN, core=CORES[core])
        register = await EmbeddedRegister.open(folder, options)
    except LogDamaged as error:
        return str(error)
    try:
        stats = register.stats()
        report = register.recovered._replace(seconds=0)
        records = [
            register.lookup(handle)
            for prefix in register.prefixes()
            for handle in (await register.page(prefix)).handles
        ]
        counts = [(prefix, await register.count(prefix)) for prefix in register.prefixes()]
        live_bytes = register._contents.live_bytes.as_lists()
        figures = stats.figures | {"index_bytes": 0}
        facts = report, stats.identifiers, figures
        return facts, records, counts, live_bytes
    finally:
        await register.close()


async def both(tmp_path, folder, content):
    """Return what both cores find in copies of the folder with this segment."""
    results = []
    for core in ("python", "native"):
        copy = tmp_path / core
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        with (copy / file_name(1)).open("r+b") as file:
            file.write(content)
        results.append(await found(copy, core))
    return results


async def test_the_same_is_found_in_a_whole_log(tmp_path, written):
    folder, content, end = written
    python, native = await both(tmp_path, folder, content[:end])
    assert python == native
    assert python[0][0].records == 8
    assert len(python[1]) == 5


async def test_the_same_is_found_whatever_byte_is_flipped(tmp_path, written):
    folder, content, end = written
    for at in range(HEADER_BYTES, end, 5):
        flipped = content[:at] + bytes([content[at] ^ (1 << at % 8)]) + content[at + 1 : end]
        python, native = await both(tmp_path, folder, flipped)
        assert python == native, at


async def test_the_same_is_found_wherever_the_log_ends(tmp_path, written):
    folder, content, end = written
    for length in range(HEADER_BYTES, end, 7):
        python, native = await both(
            tmp_path, folder, content[:length].ljust(len(content[:end]), b"\0")
        )
        assert python == native, length
