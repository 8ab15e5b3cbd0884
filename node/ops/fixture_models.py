"""Describes what the calls of fixtures take and give, as models; OpenAPI is made from them."""

from typing import Annotated, Final

from pydantic import Field, RootModel

from idnode.node.fixtures.models import Fixtures
from idnode.node.ops.models import Model

FILES_MAX: Final = 1000


class GivenFile(Model):
    """A fixture file as it lies on the disk; the ending of its name tells its form."""

    name: Annotated[
        str, Field(strict=True, max_length=4096, pattern=r"\.(toml|json|ndjson|jsonl)$")
    ]
    text: Annotated[str, Field(strict=True)]


class GivenFiles(Model):
    """Several fixture files, which are checked together."""

    files: Annotated[list[GivenFile], Field(min_length=1, max_length=FILES_MAX)]


class Outcomes(Model):
    """Tells how many of a kind were added, changed, or already as they are to be."""

    added: int
    changed: int
    unchanged: int


class Given(Model):
    """Tells what became of fixtures; ``changed`` is false where everything was there."""

    changed: bool
    enterprises: Outcomes
    prefixes: Outcomes
    accounts: Outcomes
    templates: Outcomes
    identifiers: Outcomes
    faults: Outcomes


class Mistake(Model):
    """A mistake, and where it is."""

    file: str
    line: int
    field: str
    message: str


class Mistakes(Model):
    """Every mistake that was found: in ``message`` a line for each, the first twenty of them."""

    message: str
    problems: list[Mistake]


class FixturesOrFiles(RootModel[Fixtures | GivenFiles]):
    """One fixture file of JSON, or several files of any form."""
