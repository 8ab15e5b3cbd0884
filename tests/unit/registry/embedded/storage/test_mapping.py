"""Segments are mapped for reads in any order, and whoever reads them in order has them read ahead.

Promises: the system knows of every segment of a log, sealed or active, that a page is to be read alone; reading ahead
names the next offset to ask at, anywhere in the data and behind it, and leaves what is no mapping alone.
"""

import sys
from pathlib import Path

import pytest

from idnode.registry.embedded.storage.mapping import AHEAD_BYTES, map_length, read_ahead


def advice_by_file(folder):
    """Return the flags of each mapping of a file in this folder, from /proc."""
    found, name = {}, None
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        words = line.split()
        if len(words) > 5 and words[5].startswith(str(folder)):
            name = Path(words[5]).name
        elif line.startswith("VmFlags:") and name is not None:
            found[name] = words[1:]
            name = None
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_page_of_a_segment_is_read_alone(tmp_path, open_log, make_records):
    log = open_log()
    log.append(make_records(1, 200))
    mapped = advice_by_file(tmp_path)
    assert len(mapped) == len(log.segments()) > 1
    assert all("rr" in flags for flags in mapped.values())


@pytest.mark.parametrize("at", [0, 1, 4095, 4096, 9_999, 10_000, 20_000])
def test_reading_ahead_names_the_next_offset(tmp_path, at):
    path = tmp_path / "file"
    path.write_bytes(bytes(10_000))
    with path.open("rb") as file:
        data = map_length(file.fileno(), 10_000)
    assert read_ahead(data, at) == at + AHEAD_BYTES
    assert read_ahead(bytes(10_000), at) == at + AHEAD_BYTES
    assert data[:] == bytes(10_000)
