"""Lifetime counters keep these promises.

- What is saved is what is loaded; the first start finds nothing.
- A damaged file never stops the node: it is set aside, with a warning.
"""

import pytest

from idnode.node.ops import persistent_counters

VOLUME = {
    "registrations": {("http", "success"): 7, ("http", "busy"): 1},
    "resolutions": {("handle_udp", "not_found"): 2},
}


@pytest.mark.parametrize("sync", [False, True])
def test_what_is_saved_is_what_is_loaded(tmp_path, sync):
    persistent_counters.save(tmp_path, VOLUME, sync=sync)
    assert persistent_counters.load(tmp_path) == VOLUME
    assert [path.name for path in tmp_path.iterdir()] == [persistent_counters.FILE_NAME]


def test_the_first_start_finds_nothing(tmp_path):
    assert persistent_counters.load(tmp_path) == {"registrations": {}, "resolutions": {}}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff",
        b'{"registrations": {"http": {"success": -1}}, "resolutions": {}}',
        b'{"registrations": {"http": {"success": "7"}}, "resolutions": {}}',
        b'{"registrations": [], "resolutions": {}}',
    ],
)
def test_a_damaged_file_is_set_aside_with_a_warning(tmp_path, content, caplog):
    (tmp_path / persistent_counters.FILE_NAME).write_bytes(content)
    assert persistent_counters.load(tmp_path) == {"registrations": {}, "resolutions": {}}
    assert "damaged" in caplog.text
    assert (tmp_path / "counters.json.damaged").read_bytes() == content
