"""Profiles: everything about one load test in a TOML file, checked before anything is sent."""

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    ValidationError,
    model_validator,
)

from idnode.loadtests.curves import Constant, Curve, peak_of

if TYPE_CHECKING:
    from collections.abc import Collection

FOLDER: Final = Path(__file__).with_name("profiles")

Percent = Annotated[float, Field(ge=0, le=100)]


class ProfileInvalid(Exception):
    """A profile cannot be used; the message names the file and, line by line, each key that is wrong."""


class Face(StrEnum):
    """Describes what a user can talk to."""

    HANDLE_UDP = "handle_udp"
    HANDLE_TCP = "handle_tcp"
    JSON = "json"
    SNMS = "snms"
    IDHUB = "idhub"
    BULK = "bulk"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KeysTable(_Table):
    """Names which identifiers are asked for."""

    space: Literal["suzhou", "written"] = "suzhou"
    written: int = Field(2000, ge=1)
    choice: Literal["uniform", "zipf", "scan"] = "uniform"
    exponent: float = Field(1.1, gt=0, le=5)
    missing_percent: Percent = 0.0
    dataset_seed: int = Field(2021, ge=0, lt=1 << 64)


_OF_TREES: Final = {"space": "suzhou", "dataset_seed": 2021}
"""The identifiers of Suzhou's tree."""


class LoadTable(_Table):
    """Names who decides when a request is sent."""

    model: Literal["open", "closed"]
    users: int = Field(1, ge=1)
    arrivals: Literal["even", "poisson"] = "even"
    patience_seconds: PositiveFloat = 5.0
    pace_per_second: NonNegativeFloat = 0.0
    timeout_seconds: PositiveFloat = 5.0
    udp_repeats: bool = True


class BulkTable(_Table):
    """Describes what the users of the bulk face send."""

    items: int = Field(500, ge=1, le=50_000)
    write_percent: Percent = 100.0
    prefix: str = Field("88.900.1", min_length=1)


class ThresholdsTable(_Table):
    """Describes what has to hold for a load test to pass; what is left out is not checked.

    Latencies are in milliseconds from the intended time of the request (corrected).
    """

    p50_ms: PositiveFloat | None = None
    p90_ms: PositiveFloat | None = None
    p99_ms: PositiveFloat | None = None
    p999_ms: PositiveFloat | None = None
    max_ms: PositiveFloat | None = None
    failures_percent: Percent | None = None
    dropped_percent: Percent | None = None
    rate_per_second: PositiveFloat | None = None


class LimitsTable(_Table):
    """Beyond which figures Locust itself is said to have been the limit."""

    cpu_percent: PositiveFloat = 90.0
    lag_ms: PositiveFloat = 50.0


class Profile(_Table):
    """One load test."""

    name: str = ""
    title: str
    node: str = Field("", max_length=32)
    """Name of the node of Suzhou's tree that is loaded; empty: a node alone."""
    seed: int = 1
    keys: KeysTable = KeysTable()
    load: LoadTable
    shape: Annotated[Curve, Field(discriminator="kind")]
    users: dict[Face, PositiveFloat] = Field(min_length=1)
    bulk: BulkTable = BulkTable()
    thresholds: ThresholdsTable
    thresholds_of: dict[Face, ThresholdsTable] = {}
    limits: LimitsTable = LimitsTable()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for face in self.thresholds_of:
            if face not in self.users:
                raise ValueError(f"thresholds_of.{face}: no user of this face, see users")
        if self.load.model == "open" and self.load.users < len(self.users):
            raise ValueError("load.users: each face under users needs one at least")
        if self.node and self.keys != self.keys.model_copy(update=_OF_TREES):
            raise ValueError('keys: a tree serves space = "suzhou" with dataset_seed = 2021')
        if peak_of(self.shape) <= 0:
            raise ValueError("shape: its level is never above zero")
        return self

    def changed(
        self,
        *,
        faces: "Collection[Face]" = (),
        users: int | None = None,
        seconds: float | None = None,
        level: float | None = None,
    ) -> Self:
        """Return the same profile for other faces, users, another duration or, all the time, another level.

        A face that it has no part for gets a part of 1. Users are those of an open load, at most at once, and
        the level of a closed one.

        Raises:
            ProfileInvalid: It does not fit together any longer.

        """
        shape = self.shape if seconds is None else self.shape.lasting(seconds)
        load = self.load
        if users is not None and self.is_open:
            load = load.model_copy(update={"users": users})
        elif users is not None:
            level = users
        if level is not None:
            shape = Constant(kind="constant", level=level, duration_seconds=shape.duration)
        parts = {face: self.users.get(face, 1.0) for face in faces} or self.users
        thresholds = {face: asked for face, asked in self.thresholds_of.items() if face in parts}
        update = {"shape": shape, "load": load, "users": parts, "thresholds_of": thresholds}
        made = self.model_copy(update=update)
        try:
            return self.model_validate(made.model_dump(exclude_none=True))
        except ValidationError as error:
            raise ProfileInvalid(f"{self.name}, as changed:\n  {_problems(error)}") from error

    @property
    def is_open(self) -> bool:
        """Return whether levels are arrivals a second; else they are users."""
        return self.load.model == "open"

    def share(self, face: Face) -> float:
        """Return the part of the arrivals or users that a face has."""
        return self.users.get(face, 0.0) / sum(self.users.values())

    def users_of(self, face: Face) -> int:
        """Return how many users a face has in an open load: its part, and one at least."""
        return max(round(self.load.users * self.share(face)), 1) if face in self.users else 0

    def rate_of(self, face: Face, seconds: float) -> float:
        """Return the arrivals a second of a face in an open load."""
        return self.shape.level_at(seconds) * self.share(face)


def _problems(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"] if part not in _TAGS)
        message = str(
            problem["ctx"]["error"] if "error" in problem.get("ctx", {}) else problem["msg"]
        )
        lines.append(f"{key}: {message}" if key else message)
    return "\n  ".join(lines)


_TAGS: Final = frozenset({"constant", "steps", "spike", "day", "soak", "[key]"})
"""What pydantic puts into the place of an error although it is no key of the file."""


def read_profile(text: str, *, name: str) -> Profile:
    """Return the profile that a TOML text describes.

    Raises:
        ProfileInvalid: It is no TOML, or keys are unknown, missing or wrong.

    """
    try:
        return Profile.model_validate({"name": name, **tomllib.loads(text)})
    except tomllib.TOMLDecodeError as error:
        raise ProfileInvalid(f"{name}: {error}") from error
    except ValidationError as error:
        raise ProfileInvalid(f"{name}:\n  {_problems(error)}") from error


def names() -> list[str]:
    """Return the names of the profiles that come with the project."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_profile(name_or_path: str) -> Profile:
    """Return a profile by the name of one that comes with the project, or from a file.

    Raises:
        ProfileInvalid: There is none, or it cannot be used.

    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = FOLDER / f"{name_or_path}.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileInvalid(
            f"{name_or_path}: no such profile ({', '.join(names())}) and no .toml file: {error}"
        ) from error
    return read_profile(text, name=path.stem)
