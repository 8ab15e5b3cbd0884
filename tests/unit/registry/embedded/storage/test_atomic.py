"""Promises of atomic files and of writing all bytes.

* The file has the old content or the new one, whichever call fails; new content is synced before the rename,
  the folder after it.
* Short writes are continued; a disk that takes nothing is an error, not an endless loop.
"""

import os

import pytest

from idnode.registry.embedded.storage.atomic import write_atomically
from idnode.registry.embedded.storage.disk import Disk, write_all


def test_content_replaces_the_file(tmp_path):
    path = tmp_path / "file"
    assert write_atomically(path, b"one") == 3
    assert write_atomically(path, iter([b"two", b"", b" and more"])) == 12
    assert path.read_bytes() == b"two and more"
    assert list(tmp_path.iterdir()) == [path]


def test_the_order_is_write_sync_rename_sync_folder(tmp_path, faulty_disk):
    write_atomically(tmp_path / "file", b"content", disk=faulty_disk)
    assert faulty_disk.calls == ["open", "open", "pwrite", "sync", "replace", "sync"]


@pytest.mark.parametrize("call", ["open", "pwrite", "sync", "replace"])
def test_a_failure_leaves_the_old_file(tmp_path, faulty_disk, call):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    faulty_disk.fail(call)
    with pytest.raises(OSError, match="error"):
        write_atomically(path, b"new", disk=faulty_disk)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_unfinished_file_is_overwritten(tmp_path):
    (tmp_path / "file.new").write_bytes(b"a longer rest of an earlier attempt")
    write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_short_writes_are_continued(tmp_path, faulty_disk):
    faulty_disk.write_bytes_max = 3
    path = tmp_path / "file"
    write_atomically(path, b"0123456789", disk=faulty_disk)
    assert path.read_bytes() == b"0123456789"
    assert faulty_disk.calls.count("pwrite") == 4


def test_a_disk_that_takes_nothing_is_an_error(tmp_path):
    class Full(Disk):
        def pwrite(self, descriptor, data, offset):
            return 0

    descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    try:
        with pytest.raises(OSError, match="no more bytes"):
            write_all(Full(), descriptor, b"data", 0)
    finally:
        os.close(descriptor)


def test_the_real_disk_syncs_without_fdatasync_too(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "fdatasync", raising=False)
    descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    try:
        Disk().sync_data(descriptor)
    finally:
        os.close(descriptor)
