"""A near cache gives nothing that is older than its bound, or was forgotten, and takes no more memory than it may."""

import pytest

from idnode.registry.handle.errors import RegistryError
from idnode.registry.postgres import near
from idnode.registry.postgres.near import NearCache
from idnode.registry.register import Stored

OLD = Stored(b"88.1/a", b"old", public=True)


@pytest.fixture
def cache(clock):
    return NearCache(2.0, clock)


def test_a_record_is_given_until_its_question_is_as_old_as_the_bound(cache, clock):
    moment = cache.begin()
    clock.now = 101.0  # the answer took a second
    cache.keep({b"88.1/A": OLD}, moment)
    clock.now = 101.9
    assert cache.get(b"88.1/A") is OLD
    clock.now = 102.0
    assert cache.get(b"88.1/A") is None


def test_what_is_too_old_takes_no_memory_after_the_next_answer(cache, clock):
    cache.keep({b"88.1/A": OLD}, cache.begin())
    clock.now = 102.0
    cache.keep({}, cache.begin())
    assert (len(cache), cache.bytes) == (0, 0)


def test_absence_and_failures_are_not_kept(cache):
    cache.keep({b"88.1/A": None, b"88.1/B": RegistryError("away")}, cache.begin())
    assert len(cache) == 0


def test_what_is_forgotten_while_it_is_asked_for_is_not_kept(cache):
    cache.keep({b"88.1/A": OLD}, cache.begin())
    moment = cache.begin()
    cache.forget([b"88.1/A"])
    assert cache.get(b"88.1/A") is None
    cache.keep({b"88.1/A": OLD, b"88.1/B": OLD}, moment)
    assert cache.get(b"88.1/A") is None
    assert cache.get(b"88.1/B") is OLD
    cache.keep({b"88.1/A": OLD}, cache.begin())
    assert cache.get(b"88.1/A") is OLD


def test_more_is_forgotten_than_can_be_told_apart(cache, monkeypatch):
    monkeypatch.setattr(near, "_FORGOTTEN_MAX", 2)
    moment = cache.begin()
    cache.forget([b"88.1/A", b"88.1/B", b"88.1/C"])
    cache.keep({b"88.1/A": OLD, b"88.1/D": OLD}, moment)
    assert len(cache) == 0
    cache.keep({b"88.1/A": OLD}, cache.begin())
    assert cache.get(b"88.1/A") is OLD


def test_the_oldest_make_room_for_the_newest(clock):
    cache = NearCache(2.0, clock, bytes_max=5000)
    for number in range(100):
        cache.keep({b"88.1/%d" % number: OLD}, cache.begin())
        assert cache.bytes <= 5000
    assert cache.get(b"88.1/99") is OLD
    assert cache.get(b"88.1/98") is OLD
    assert cache.get(b"88.1/0") is None
    assert len(cache) == 12  # of 415 bytes each


def test_a_record_larger_than_all_of_it_is_not_kept(clock):
    cache = NearCache(2.0, clock, bytes_max=500)
    cache.keep({b"88.1/A": Stored(b"88.1/a", bytes(600), public=True)}, cache.begin())
    assert (len(cache), cache.bytes) == (0, 0)
