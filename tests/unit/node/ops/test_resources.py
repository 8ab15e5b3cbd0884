"""The room that the machine leaves keeps these promises.

- The disk is the one that holds the folder; one that cannot be asked has no room.
- Memory of the process's own leaves mapped files out.
- The memory limit is the smallest of the machine's and of the control groups around the process, of version 2 or 1.
"""

import os

import pytest

from idnode.node.ops.resources import disk_of, memory_limit_bytes, own_memory_bytes


@pytest.fixture
def own(tmp_path):
    """A file that says in which control group the process is."""
    path = tmp_path / "cgroup"
    path.write_text("1:name=old:/elsewhere\n0::/system.slice/idnode.service\n")
    return path


def _machine():
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_a_disk_has_no_more_free_bytes_than_it_has_bytes(tmp_path):
    disk = disk_of(tmp_path)
    assert 0 <= disk.free_bytes <= disk.size_bytes
    assert disk.size_bytes > 0


def test_a_disk_that_cannot_be_asked_has_no_room(tmp_path):
    assert disk_of(tmp_path / "absent") == (0, 0)


def test_memory_of_its_own_is_what_no_file_stands_behind(tmp_path):
    status = tmp_path / "status"
    status.write_text("VmRSS:\t  900 kB\nRssAnon:\t     200 kB\nRssFile:\t     700 kB\n")
    assert own_memory_bytes(status) == 204_800
    assert own_memory_bytes(tmp_path / "absent") == 0


def test_without_control_groups_the_limit_is_the_machine(tmp_path):
    assert memory_limit_bytes(tmp_path, tmp_path / "absent") == _machine()


def test_a_group_without_a_limit_changes_nothing(tmp_path, own):
    group = tmp_path / "system.slice/idnode.service"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("max\n")
    assert memory_limit_bytes(tmp_path, own) == _machine()


@pytest.mark.parametrize("folder", ["system.slice/idnode.service", "system.slice", "."])
def test_the_smallest_limit_around_the_process_counts(tmp_path, own, folder):
    (tmp_path / "system.slice/idnode.service").mkdir(parents=True)
    (tmp_path / folder / "memory.max").write_text("1048576\n")
    assert memory_limit_bytes(tmp_path, own) == 1048576


@pytest.mark.parametrize("folder", ["docker/abc", "docker", "."])
def test_control_groups_of_version_1_count(tmp_path, folder):
    own = tmp_path / "cgroup"
    own.write_text("9:cpu,cpuacct:/elsewhere\n4:memory:/docker/abc\n0::/\n")
    (tmp_path / "memory/docker/abc").mkdir(parents=True)
    unlimited = tmp_path / "memory/docker/abc/memory.limit_in_bytes"
    unlimited.write_text("9223372036854771712\n")
    assert memory_limit_bytes(tmp_path, own) == _machine()
    (tmp_path / "memory" / folder / "memory.limit_in_bytes").write_text("2097152\n")
    assert memory_limit_bytes(tmp_path, own) == 2097152


def test_a_container_whose_group_is_named_from_outside_has_its_limit(tmp_path):
    own = tmp_path / "cgroup"
    own.write_text("4:memory:/docker/not-seen-in-here\n")
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory/memory.limit_in_bytes").write_text("2097152\n")
    assert memory_limit_bytes(tmp_path, own) == 2097152
