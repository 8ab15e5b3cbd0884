"""Cases as data: what a node is to have and to do, what the client is told to do, what is right."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from idnode.node.conform.rules.table import RULES


class Face(StrEnum):
    """The API that a case is about."""

    HANDLE_UDP = "handle_udp"
    HANDLE_TCP = "handle_tcp"
    HANDLE_JSON = "handle_json"
    BULK = "bulk"
    SNMS = "snms"
    IDHUB = "idhub"


Text = Annotated[str, Field(min_length=1, max_length=300)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GivenFault(_Model):
    """A fault of the case; without conditions it is for the handles of the case, on its face."""

    match: dict[str, Any] | None = None
    action: dict[str, Any]
    when: dict[str, Any] = {}


class Task(_Model):
    """Names what the client is told to do; members that an operation does not need are left out."""

    operation: str
    handles: list[str] = ["{handle}"]
    types: list[str] = []
    indexes: list[int] = []
    values: list[list[Any]] = []
    items: list[list[Any]] = []
    """Of a batch: handle and values of each."""
    identity: str = "enterprise"
    """Who asks: `enterprise`, `stranger` (a wrong secret), `sm2`, or nobody."""
    session: bool = False
    """Whether it is to open a session of the Handle protocol first."""


class Right(_Model):
    """Tells what a right client comes to, and what the node has then."""

    outcome: str | None = None
    values: list[list[Any]] | None = None
    handles: list[str] | None = None
    items: list[tuple[str, bool]] | None = None
    state: dict[str, list[list[Any]] | None] = {}


class Case(_Model):
    """One case."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,60}$")]
    face: Face
    rules: Annotated[list[str], Field(min_length=1)]
    en: Text
    zh: Text
    records: dict[str, list[list[Any]]] = {}
    """Records that are there at the beginning: index, type, data and, if it repeats, how often."""
    faults: list[GivenFault] = []
    clock: str | None = None
    """What the node's clock is set to."""
    now: str | None = None
    """What the client is told, if it is not the node's time."""
    task: Task
    right: Right = Right()
    limit: Annotated[int, Field(ge=1)] = 12
    """Most requests that a right client needs."""
    seconds: Annotated[float, Field(gt=0, le=300)] = 10.0
    """After which the client is stopped."""


_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader in C where PyYAML has it: ten times as fast."""


class CasesInvalid(ValueError):
    """A file of cases has a mistake; the message says where."""


def read_cases(text: str, name: str) -> list[Case]:
    """Return the cases of a YAML document.

    Raises:
        CasesInvalid: A mistake, named by file and case.

    """
    try:
        found = yaml.load(text, Loader=_LOADER)  # noqa: S506  # one of both safe loaders
    except yaml.YAMLError as error:
        raise CasesInvalid(f"{name}: {error}") from error
    if not isinstance(found, list):
        raise CasesInvalid(f"{name}: expected a list of cases")
    return [_read(row, name) for row in found]


def _read(row: Any, name: str) -> Case:
    named = row.get("id", "?") if isinstance(row, dict) else repr(row)
    where = f"{name}: {named}"
    try:
        case = Case.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        raise CasesInvalid(
            f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        ) from error
    unknown = [rule for rule in case.rules if rule not in RULES]
    if unknown:
        raise CasesInvalid(f"{where}: there is no rule {unknown[0]}")
    return case


_FILES: Final = ("handle_udp", "handle_tcp", "handle_json", "snms", "idhub")


@cache
def all_cases() -> dict[str, Case]:
    """Return every case of the suite by its id, in order."""
    folder = files("idnode.node.conform") / "cases"
    cases = [
        case
        for name in _FILES
        for case in read_cases((folder / f"{name}.yaml").read_text(encoding="utf-8"), name)
    ]
    found = {case.id: case for case in cases}
    if len(found) < len(cases):
        raise CasesInvalid("two cases have one id")
    return found
