"""One load test as one process sees it: its plans, its keys, its counts. Knows no Locust."""

from random import Random
from typing import TYPE_CHECKING, Final

from idnode.loadtests.arrivals import Arrivals, AtOnce, Pace, Plan
from idnode.loadtests.keys import Choice, Keys, KeySpace, Scan, Uniform, WrittenSpace, Zipf
from idnode.loadtests.ledger import Ledger, Planned
from idnode.registry.datasets.choice import make

if TYPE_CHECKING:
    from collections.abc import Callable

    from idnode.loadtests.profile import Face, KeysTable, Profile
    from idnode.loadtests.target import Target
    from idnode.registry.handle.clock import Clock


class SuzhouSpace:
    """The 6.5 billion identifiers of the data set."""

    def __init__(self, seed: int) -> None:
        self._dataset: Final = make(f"suzhou,seed={seed}")
        self.size = self._dataset.count
        self.handle = self._dataset.handle


class LoadTest:
    """A profile aimed at a node. Times are in seconds since the start."""

    def __init__(  # noqa: PLR0913  # one test, one process
        self,
        profile: "Profile",
        target: "Target",
        clock: "Clock",
        *,
        process: str,
        number: int,
        share_of: "Callable[[Face], float]" = lambda _face: 1.0,
    ) -> None:
        """Aim it; ``share_of`` says which part of the arrivals of a face is this process's."""
        self.profile = profile
        self.target = target
        self.clock = clock
        self.process = process
        self.ledger = Ledger()
        self.in_flight = 0
        self.cold = 0
        """Users that are not ready yet."""
        self.claims: dict[object, tuple[Arrivals, float]] = {}
        """Arrivals that a user has claimed and not sent yet, by user."""
        self.over = False
        self.seconds = 0.0
        self._number = number
        self._share_of = share_of
        self._users = 0
        self._begun: float | None = None
        self._arrivals: dict[Face, Arrivals] = {}
        self._space: KeySpace | None = None

    def prepare(self) -> None:
        """Do what takes long before the time begins to run."""
        if self._space is None:
            self._space = space_of(self.profile.keys, self.profile.bulk.prefix)

    def begin(self) -> None:
        """Let the time run from now on, once the users are there; called again, it changes nothing."""
        if self._begun is None:
            self._begun = self.clock.elapsed()

    @property
    def now(self) -> float:
        """Seconds since the start; 0 before."""
        return 0.0 if self._begun is None else self.clock.elapsed() - self._begun

    @property
    def duration(self) -> float:
        """Seconds after which nothing more is sent."""
        return self.profile.shape.duration

    def chance_for(self, face: "Face") -> Random:
        """Return the source of chance of a new user, another one for each."""
        self._users += 1
        return Random(f"{self.profile.seed}/{face}/{self._number}/{self._users}")

    def plan_for(self, face: "Face", chance: Random) -> Plan:
        """Return when a new user of a face sends."""
        if self.profile.is_open:
            return self.arrivals_of(face)
        pace = self.profile.load.pace_per_second
        if pace:
            return Pace(pace, duration=self.duration, now=self.now, chance=chance)
        return AtOnce(duration=self.duration)

    def arrivals_of(self, face: "Face") -> Arrivals:
        """Return the arrivals of a face in this process."""
        found = self._arrivals.get(face)
        if found is None:
            profile = self.profile
            found = self._arrivals[face] = Arrivals(
                lambda seconds: profile.rate_of(face, seconds),
                share=lambda: self._share_of(face),
                duration=self.duration,
                patience=profile.load.patience_seconds,
                chance=Random(f"{profile.seed}/{face}/{self._number}/arrivals"),
                poisson=profile.load.arrivals == "poisson",
            )
        return found

    def keys_for(self, chance: Random) -> Keys:
        """Return what a new user asks for."""
        assert self._space is not None
        table = self.profile.keys
        return Keys(
            self._space,
            choice_of(table, self._space.size, chance),
            chance,
            missing_percent=table.missing_percent,
        )

    def collect(self) -> Ledger:
        """Return the counts, those of the arrivals brought up to date."""
        for face, arrivals in self._arrivals.items():
            counts = Planned(arrivals.planned, arrivals.dropped, arrivals.late)
            arrivals.planned = arrivals.dropped = arrivals.late = 0
            self.ledger.planned.setdefault(face, Planned()).merge(counts)
        return self.ledger

    def finish(self) -> Ledger:
        """End it: nothing is counted from now on; arrivals that nobody took or sent are dropped ones."""
        if not self.over:
            self.seconds = min(self.now, self.duration)
            for arrivals, planned in self.claims.values():
                if planned <= self.now:
                    arrivals.dropped += 1
                else:
                    arrivals.unclaim()
            self.claims.clear()
            for arrivals in self._arrivals.values():
                arrivals.finish(self.now)
            self.over = True
        return self.collect()


def space_of(table: "KeysTable", prefix: str) -> KeySpace:
    """Return the identifiers that a profile asks for."""
    if table.space == "written":
        return WrittenSpace(prefix, table.written)
    return SuzhouSpace(table.dataset_seed)


def choice_of(table: "KeysTable", size: int, chance: Random) -> Choice:
    """Return how a profile chooses among so many ranks."""
    if table.choice == "uniform":
        return Uniform(size, chance)
    if table.choice == "scan":
        return Scan(size, chance)
    return Zipf(size, chance, exponent=table.exponent)
