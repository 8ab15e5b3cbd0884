"""One load test in one process.

- Time begins when it is told to, once, and not when it is prepared.
- Users of an open load share the arrivals of their face; those of a closed one have a pace, or none.
- Its end counts the arrivals that nobody took, once.
- The same seed gives each user the same chance, and different users different ones.
"""

import pytest

from idnode.clients.web_requests import Credential
from idnode.loadtests.arrivals import Arrivals, AtOnce, Pace
from idnode.loadtests.keys import Scan, Uniform, WrittenSpace, Zipf
from idnode.loadtests.load_test import LoadTest, SuzhouSpace, choice_of, space_of
from idnode.loadtests.profile import Face, KeysTable, read_profile
from idnode.loadtests.records import sample_records
from idnode.loadtests.target import Target

TARGET = Target.at("127.0.0.1:2641", "http://127.0.0.1:8000", Credential(301, "0.NA/88.900", "x"))


class FakeClock:
    """A clock that is moved by hand."""

    def __init__(self):
        self.at = 1000.0

    def now(self):
        return self.at

    def elapsed(self):
        return self.at


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def load(profile, clock):
    found = LoadTest(profile(), TARGET, clock, process="host:1", number=0)
    found.prepare()
    found.begin()
    return found


def closed(profile, clock, pace):
    made = profile(model="closed")
    changed = made.model_copy(
        update={"load": made.load.model_copy(update={"pace_per_second": pace})}
    )
    found = LoadTest(changed, TARGET, clock, process="host:1", number=0)
    return found.plan_for(Face.HANDLE_UDP, found.chance_for(Face.HANDLE_UDP))


def test_time_runs_from_the_start(profile, clock):
    load = LoadTest(profile(), TARGET, clock, process="host:1", number=0)
    assert load.now == 0
    load.begin()
    clock.at += 2.5
    assert load.now == 2.5
    load.begin()
    assert load.now == 2.5


def test_users_of_a_face_share_its_arrivals(load):
    chance = load.chance_for(Face.HANDLE_UDP)
    plan = load.plan_for(Face.HANDLE_UDP, chance)
    assert isinstance(plan, Arrivals)
    assert load.plan_for(Face.HANDLE_UDP, chance) is plan
    assert load.plan_for(Face.BULK, chance) is not plan


def test_a_worker_plans_its_share(profile, clock):
    load = LoadTest(
        profile(), TARGET, clock, process="host:1", number=0, share_of=lambda _face: 0.5
    )
    clock.at += 30
    load.begin()
    plan = load.arrivals_of(Face.HANDLE_UDP)
    plan.finish(10.0)
    assert plan.planned == pytest.approx(450, abs=2)


def test_users_of_a_closed_load_have_a_pace_or_none(profile, clock):
    assert isinstance(closed(profile, clock, 2.0), Pace)
    assert isinstance(closed(profile, clock, 0.0), AtOnce)


def test_the_end_counts_what_nobody_took_once(load, clock):
    plan = load.arrivals_of(Face.HANDLE_UDP)
    for _ in range(100):
        plan.claim(0.0)
    clock.at += 30
    counted = load.finish().arrivals()
    assert counted.planned == pytest.approx(900, abs=12)
    assert counted.dropped == counted.planned - 100
    assert load.seconds == 10
    assert load.finish().arrivals().planned == counted.planned


def test_a_test_that_was_stopped_early_lasted_as_long_as_it_did(load, clock):
    clock.at += 4
    load.finish()
    assert load.seconds == 4


def test_each_user_has_its_own_chance_and_the_same_again(profile, clock):
    first, second = (
        LoadTest(profile(), TARGET, clock, process="host:1", number=0) for _ in range(2)
    )
    drawn = [[load.chance_for(Face.JSON).random() for _ in range(3)] for load in (first, second)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 3


def test_a_profile_names_its_space_and_choice(load):
    assert isinstance(space_of(KeysTable(space="written", written=5), "88.900.1"), WrittenSpace)
    chance = load.chance_for(Face.JSON)
    for name, kind in (("uniform", Uniform), ("zipf", Zipf), ("scan", Scan)):
        assert isinstance(choice_of(KeysTable(choice=name), 10, chance), kind)


def test_the_data_set_has_its_billions():
    space = space_of(KeysTable(), "88.900.1")
    assert isinstance(space, SuzhouSpace)
    assert space.size == 6_500_000_000
    assert space.handle(0) != space.handle(space.size - 1)


def test_records_to_write_have_the_sizes_of_real_ones(load):
    records = sample_records(load.chance_for(Face.BULK), 2000)
    sizes = [sum(30 + len(kind) + len(data) for _, kind, data in values) for values in records]
    assert 600 < sum(sizes) / len(sizes) < 1000
    small = sum(len(values) <= 5 for values in records) / len(records)
    assert small == pytest.approx(0.3, abs=0.05)
    assert any(max(len(data) for *_, data in values) >= 1000 for values in records)


def test_the_smallest_profile_has_useful_defaults():
    text = '[load]\nmodel = "closed"\n[shape]\nkind = "constant"\nlevel = 1\nduration_seconds = 1\n'
    found = read_profile(f'title = "x"\n{text}[users]\njson = 1\n[thresholds]\n', name="x")
    assert found.keys.space == "suzhou"


def test_what_was_claimed_and_not_sent_is_dropped_if_it_was_due(load, clock):
    plan = load.arrivals_of(Face.HANDLE_UDP)
    load.claims["one"] = plan, plan.claim(0.0)
    load.claims["another"] = plan, plan.claim(0.0) + 5
    clock.at += 1
    planned = plan.planned
    counted = load.finish().arrivals()
    assert planned == 2
    # The other ones that were due in a second were planned, too, and taken by nobody.
    assert counted.planned == pytest.approx(90, abs=2)
    assert counted.sent == 0
