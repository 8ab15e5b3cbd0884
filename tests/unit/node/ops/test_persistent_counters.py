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


def test_an_altered_figure_is_not_believed(tmp_path, caplog):
    persistent_counters.save(tmp_path, {"registrations": {("bulk", "success"): 41}})
    path = tmp_path / persistent_counters.FILE_NAME
    path.write_bytes(path.read_bytes().replace(b"41", b"14"))
    assert persistent_counters.load(tmp_path)["registrations"] == {}
    assert "the checksum does not match" in caplog.text


def test_a_file_without_a_checksum_is_read_as_an_earlier_version_wrote_it(tmp_path):
    earlier = b'{"registrations": {"bulk": {"success": 3}}, "resolutions": {}}'
    (tmp_path / persistent_counters.FILE_NAME).write_bytes(earlier)
    assert persistent_counters.load(tmp_path)["registrations"] == {("bulk", "success"): 3}


def test_without_room_for_another_file_the_figures_are_written_in_place(tmp_path):
    persistent_counters.save(tmp_path, {"registrations": {("bulk", "success"): 1}})
    (tmp_path / "counters.json.new").mkdir()  # stands for a disk that takes no new file
    persistent_counters.save(tmp_path, {"registrations": {("bulk", "success"): 2}}, sync=True)
    assert persistent_counters.load(tmp_path)["registrations"] == {("bulk", "success"): 2}
