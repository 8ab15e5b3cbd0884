"""Logs in a temporary folder, closed afterwards, and disks that misbehave on request."""

import errno
import os

import pytest

from idnode.registry.embedded.storage.disk import Disk
from idnode.registry.embedded.storage.log import Log
from idnode.registry.embedded.storage.record import FIRST, PUT, encode


@pytest.fixture
def make_records():
    """Encoded records with the sequences from ``first`` on; the first of them begins a commit."""

    def make(first, count, *, values=b"values", flags=()):
        flags = dict(enumerate(flags))
        return [
            encode(
                first + i,
                PUT,
                flags.get(i, 0) | (FIRST if i == 0 else 0),
                b"88.900.1/%d" % (first + i),
                values,
            )
            for i in range(count)
        ]

    return make


@pytest.fixture
def open_log(tmp_path):
    """Opens a log; ``scan=False`` leaves it unpositioned."""
    logs = []

    def open_it(folder=None, *, scan=True, segment_bytes=4096, **options):
        log = Log.open(folder or tmp_path / "log", segment_bytes=segment_bytes, **options)
        logs.append(log)
        if scan:
            list(log.scan())
        return log

    yield open_it
    for log in logs:
        log.close()


class FaultyDisk(Disk):
    """A disk on which the next call of a kind can be made to fail or, for writes, to be short."""

    def __init__(self):
        self.failing = {}
        self.write_bytes_max = None
        self.space = None
        self.overwrites = True
        self.ends = {}
        self.calls = []

    def fail(self, call, code=errno.EIO, *, times=1):
        self.failing[call] = [OSError(code, os.strerror(code))] * times

    def _count(self, call):
        self.calls.append(call)
        if self.failing.get(call):
            raise self.failing[call].pop()

    def open(self, path, flags):
        self._count("open")
        return super().open(path, flags)

    def pwrite(self, descriptor, data, offset):
        self._count("pwrite")
        if self.write_bytes_max is not None:
            data = memoryview(data)[: self.write_bytes_max]
        inode = os.fstat(descriptor).st_ino
        end = self.ends.get(inode, 0) if self.overwrites else 0
        if self.space is not None and offset + len(data) > end:
            data = memoryview(data)[: max(end - offset, 0) + self.space]
            if not data:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.space -= offset + len(data) - max(offset, end)
        self.ends[inode] = max(self.ends.get(inode, 0), offset + len(data))
        return super().pwrite(descriptor, data, offset)

    def truncate(self, descriptor, length):
        self._count("truncate")
        super().truncate(descriptor, length)

    def sync_data(self, descriptor):
        self._count("sync_data")
        super().sync_data(descriptor)

    def sync(self, descriptor):
        self._count("sync")
        super().sync(descriptor)

    def replace(self, source, target):
        self._count("replace")
        super().replace(source, target)

    def link(self, source, target):
        self._count("link")
        super().link(source, target)

    def unlink(self, path):
        self._count("unlink")
        super().unlink(path)


@pytest.fixture
def faulty_disk():
    return FaultyDisk()
