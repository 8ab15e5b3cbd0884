"""Kept answers are bounded in time, number and bytes, and the oldest give way."""

from idnode.node.faces.handle.replay import Replay


def make(seconds=30.0, entries_max=3, bytes_max=100_000):
    return Replay(seconds=seconds, entries_max=entries_max, bytes_max=bytes_max)


def test_an_answer_is_found_until_its_time_is_over():
    replay = make()
    replay.answered("a", replay.begin("a", 0.0), [b"one", b"two"])
    assert replay.find("a", 29.9).datagrams == [b"one", b"two"]
    assert replay.find("a", 30.0) is None
    assert (len(replay), replay.size) == (0, 0)


def test_a_request_under_way_is_known_without_an_answer():
    replay = make()
    replay.begin("a", 0.0)
    assert replay.find("a", 1.0).datagrams == []
    assert replay.find("b", 1.0) is None


def test_the_oldest_gives_way_to_number_and_bytes():
    replay = make(entries_max=2)
    for key in "abc":
        replay.begin(key, 0.0)
    assert [key for key in "abc" if replay.find(key, 0.0)] == ["b", "c"]
    replay = make(bytes_max=1500)
    for key in "abc":
        replay.answered(key, replay.begin(key, 0.0), [bytes(400)])
    assert [key for key in "abc" if replay.find(key, 0.0)] == ["b", "c"]
    assert replay.size <= 1500


def test_an_answer_to_what_gave_way_is_not_kept():
    replay = make(entries_max=1)
    entry = replay.begin("a", 0.0)
    replay.begin("b", 0.0)
    size = replay.size
    replay.answered("a", entry, [b"late"])
    assert replay.size == size
    assert replay.find("a", 0.0) is None
