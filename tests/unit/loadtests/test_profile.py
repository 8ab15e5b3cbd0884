"""Profiles.

- Every profile of the project can be used; smoke asks every face and takes well under a minute.
- What is wrong with one is said by key, each of them, before anything is sent.
- Parts of the load are what their figures say.
"""

import pytest

from idnode.loadtests.profile import Face, ProfileInvalid, load_profile, names, read_profile

GOOD = """
title = "a test"
[load]
model = "open"
users = 10
[shape]
kind = "constant"
level = 100
duration_seconds = 5
[users]
handle_udp = 90
bulk = 10
[thresholds]
p99_ms = 100
"""


def problems(text):
    with pytest.raises(ProfileInvalid) as caught:
        read_profile(text, name="mine")
    return str(caught.value)


@pytest.mark.parametrize("name", names())
def test_each_profile_of_the_project_can_be_used(name):
    found = load_profile(name)
    assert found.name == name
    assert found.thresholds.model_dump(exclude_none=True)


def test_the_project_has_the_profiles_that_it_promises():
    assert {"smoke", "steady", "spike", "soak", "open"} <= set(names())


def test_the_smoke_profile_is_short_and_open():
    smoke = load_profile("smoke")
    assert smoke.is_open
    assert smoke.shape.duration <= 30
    assert set(smoke.users) == set(Face)


def test_the_smoke_profile_turns_red_on_a_second_of_silence_by_its_own_figures():
    """A freeze of a second delays a second's arrivals by up to a second, all of them evenly."""
    smoke = load_profile("smoke")
    part_over = (1000 - smoke.thresholds.p99_ms) / 1000 / smoke.shape.duration
    assert part_over > 1.5 * 0.01


def test_a_file_of_ones_own_can_be_used(tmp_path):
    (tmp_path / "mine.toml").write_text(GOOD)
    assert load_profile(str(tmp_path / "mine.toml")).name == "mine"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('model = "open"', 'model = "opened"', "load.model: "),
        ("users = 10", "users = 0", "load.users: "),
        ("users = 10", "user = 10", "load.user: "),
        ("level = 100", "", "shape.level: "),
        ("level = 100", "level = 100\npeak = 3", "shape.peak: "),
        ('kind = "constant"', 'kind = "sawtooth"', "shape: "),
        ("level = 100", "level = 0", "shape: its level is never above zero"),
        ("bulk = 10", "ftp = 10", "users.ftp: "),
        ("bulk = 10", "bulk = -1", "users.bulk: "),
        ("users = 10", "users = 1", "load.users: each face"),
        ("p99_ms = 100", "p98_ms = 100", "thresholds.p98_ms: "),
        ("p99_ms = 100", "failures_percent = 101", "thresholds.failures_percent: "),
        ("p99_ms = 100", "[thresholds_of.json]\np99_ms = 1", "thresholds_of.json: no user"),
        ('title = "a test"', "", "title: "),
        ('title = "a test"', 'title = "a test"\nkey = 1', "key: "),
        ('title = "a test"', "title = ", "mine: "),
    ],
)
def test_what_is_wrong_is_said_by_key(old, new, told):
    assert old in GOOD
    found = problems(GOOD.replace(old, new))
    assert found.startswith("mine:")
    assert told in found


def test_every_wrong_key_is_named_at_once():
    found = problems(GOOD.replace("level = 100", "levl = 100").replace("p99_ms", "p98_ms"))
    for key in ("shape.level: ", "shape.levl: ", "thresholds.p98_ms: "):
        assert key in found


def test_a_profile_that_does_not_exist_is_told_with_those_that_do():
    with pytest.raises(ProfileInvalid, match=r"smok: no such profile \(.*smoke.*\)"):
        load_profile("smok")


def test_faces_have_their_parts_of_users_and_rate():
    found = read_profile(GOOD, name="mine")
    assert found.users_of(Face.HANDLE_UDP) == 9
    assert found.users_of(Face.BULK) == 1
    assert found.users_of(Face.JSON) == 0
    assert found.rate_of(Face.HANDLE_UDP, 1.0) == pytest.approx(90)


def test_a_face_with_a_small_part_has_a_user_all_the_same():
    found = read_profile(GOOD.replace("bulk = 10", "bulk = 0.1"), name="mine")
    assert found.users_of(Face.BULK) == 1


def test_a_profile_changed_by_the_command_line_fits_together_or_says_why(profile):
    changed = profile().changed(faces=[Face.HANDLE_UDP, Face.SNMS], users=20, seconds=3)
    assert changed.users == {Face.HANDLE_UDP: 90, Face.SNMS: 1}
    assert (changed.load.users, changed.shape.duration) == (20, 3)
    assert profile().changed() == profile()
    assert profile(model="closed").changed(users=4).shape.level == 4
    with pytest.raises(ProfileInvalid, match="mine, as changed"):
        profile().changed(users=0)
