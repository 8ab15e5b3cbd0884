"""A data directory is held by one opener at a time, and free again after the release."""

import pytest

from idnode.registry.embedded.lock import DirectoryLock
from idnode.registry.errors import DataDirectoryInUse


def test_a_held_directory_is_refused_until_it_is_released(tmp_path):
    lock = DirectoryLock(tmp_path)
    with pytest.raises(DataDirectoryInUse, match="in use"):
        DirectoryLock(tmp_path)
    lock.release()
    DirectoryLock(tmp_path).release()
