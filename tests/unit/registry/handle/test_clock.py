"""A clock that moves keeps these promises.

- Until it is moved it shows the machine's time; after `reset` it does so again.
- Frozen it stands still, and can be set and advanced; at a speed it runs so much faster; a step keeps the speed.
- `passed` never goes back, whatever is done, and follows `now` forwards; `elapsed` is never moved.
- What is out of bounds is refused and moves nothing.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.registry.handle.clock import EPOCH_MAX, SPEED_MAX, MovableClock


class Machine:
    """Wall and monotonic clocks moved by hand."""

    def __init__(self):
        self.seconds = 0.0

    def wall(self):
        return 1_800_000_000.0 + self.seconds

    def monotonic(self):
        return 50.0 + self.seconds


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def clock(machine):
    return MovableClock(machine.wall, machine.monotonic)


def test_an_unmoved_clock_shows_the_machines_time(clock, machine):
    machine.seconds = 7.5
    assert clock.now() == machine.wall()
    assert not clock.state().moved


def test_a_frozen_clock_stands_until_it_is_set_or_advanced(clock, machine):
    clock.freeze()
    before = clock.now()
    machine.seconds = 100
    assert clock.now() == before
    clock.advance(25 * 3600)
    assert clock.now() == before + 25 * 3600
    clock.set(1_000.0)
    assert clock.now() == 1_000.0
    assert clock.state().speed == 0


def test_speed_multiplies_what_passes_and_a_step_keeps_it(clock, machine):
    start, lived = clock.now(), clock.passed()
    clock.run(60)
    machine.seconds = 2
    assert clock.now() == pytest.approx(start + 120)
    assert clock.passed() == pytest.approx(lived + 120)
    clock.advance(10)
    machine.seconds = 3
    assert clock.now() == pytest.approx(start + 190)


def test_reset_shows_the_machines_time_again(clock, machine):
    clock.set(5)
    clock.run(100)
    clock.reset()
    machine.seconds = 9
    assert clock.now() == machine.wall()
    assert clock.state() == (machine.wall(), 0.0, 1.0)


def test_who_watches_is_called_after_each_move(clock):
    seen = []
    clock.watch(lambda: seen.append(clock.now()))
    clock.set(10)
    clock.advance(5)
    clock.freeze()
    clock.reset()
    assert seen[:2] == [10, 15]
    assert len(seen) == 4


@pytest.mark.parametrize(
    "move",
    [
        lambda clock: clock.set(-1),
        lambda clock: clock.set(EPOCH_MAX + 1),
        lambda clock: clock.advance(-1e12),
        lambda clock: clock.advance(float("nan")),
        lambda clock: clock.run(0),
        lambda clock: clock.run(-1),
        lambda clock: clock.run(SPEED_MAX * 2),
        lambda clock: clock.run(float("nan")),
    ],
)
def test_what_is_out_of_bounds_moves_nothing(clock, machine, move):
    with pytest.raises(ValueError, match="clock"):
        move(clock)
    assert clock.now() == machine.wall()


moves = st.one_of(
    st.tuples(st.just("set"), st.floats(0, EPOCH_MAX)),
    st.tuples(st.just("advance"), st.floats(-1e6, 1e6)),
    st.tuples(st.just("run"), st.floats(0.001, 1000)),
    st.tuples(st.just("freeze")),
    st.tuples(st.just("reset")),
)


@given(st.lists(st.tuples(moves, st.floats(0, 1e4))))
def test_what_has_passed_never_goes_back(steps):
    machine = Machine()
    clock = MovableClock(machine.wall, machine.monotonic)
    for (name, *arguments), seconds in steps:
        before, shown = clock.passed(), clock.now()
        try:
            getattr(clock, name)(*arguments)
        except ValueError:
            continue
        assert clock.passed() >= before - 1e-3
        forward = clock.now() - shown
        assert forward <= 0 or clock.passed() - before == pytest.approx(forward, abs=1e-2)
        before = clock.passed()
        machine.seconds += seconds
        assert clock.passed() >= before
