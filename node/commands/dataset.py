"""`idnode dataset`: what a data set holds, and its identifiers by chance, by rank and by handle.

It asks no node: the same data set is computed here.
"""

import secrets
from collections.abc import Iterator
from enum import StrEnum
from random import Random
from typing import TYPE_CHECKING, Annotated

import typer

from idnode.node.commands.failure import CommandFailed
from idnode.node.settings import load
from idnode.registry.datasets.choice import DatasetUnknown, make

if TYPE_CHECKING:
    from idnode.registry.datasets.suzhou.dataset import Suzhou
    from idnode.registry.datasets.suzhou.enterprises import Enterprise


class DatasetQuestion(StrEnum):
    """Describes what is asked of the data set."""

    DESCRIBE = "describe"
    SAMPLE = "sample"
    HANDLE = "handle"
    RANK = "rank"


def run(
    question: Annotated[
        DatasetQuestion,
        typer.Argument(
            help="describe [PREFIX], sample [N]: so many by chance, handle I: that of a rank, "
            "rank HANDLE."
        ),
    ],
    argument: Annotated[str | None, typer.Argument(metavar="[ARGUMENT]", help="See there.")] = None,
    *,
    dataset: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Data set [default: what the settings say, or suzhou]."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Seed of the sample [default: drawn].")
    ] = None,
) -> None:
    """Ask a data set; exit code 1 for a handle that was never issued."""
    chosen = _chosen(dataset)
    match question:
        case DatasetQuestion.DESCRIBE:
            lines = _about(chosen) if argument is None else _about_one(chosen, argument)
        case DatasetQuestion.SAMPLE:
            chance = Random(secrets.randbits(64) if seed is None else seed)  # noqa: S311  # a sample
            count = _number(argument or "1")
            lines = (chosen.sample(1, chance)[0].decode() for _ in range(count))
        case DatasetQuestion.HANDLE:
            lines = iter([_handle(chosen, _number(argument))])
        case DatasetQuestion.RANK:
            lines = iter([_rank(chosen, argument)])
    for line in lines:
        typer.echo(line)


def _chosen(dataset: str | None) -> "Suzhou":
    try:
        return make(dataset or load({}).settings.dataset or "suzhou")
    except DatasetUnknown as error:
        raise CommandFailed(f"--dataset: {error}") from error


def _number(text: str | None) -> int:
    if text is None or not (text.isascii() and text.isdigit()):
        raise CommandFailed(f"expected a number from 0 on, not {text!r}", exit_code=2)
    return int(text)


def _handle(dataset: "Suzhou", rank: int) -> str:
    try:
        return dataset.handle(rank).decode()
    except IndexError as error:
        raise CommandFailed(str(error)) from error


def _rank(dataset: "Suzhou", handle: str | None) -> str:
    if handle is None:
        raise CommandFailed("expected a handle", exit_code=2)
    rank = dataset.rank(handle.encode(errors="replace"))
    if rank is None:
        raise CommandFailed(f"{handle} was never issued")
    return str(rank)


def _about(dataset: "Suzhou") -> Iterator[str]:
    yield f"{dataset.name}, seed {dataset.seed}: {dataset.count:,} identifiers of 4,160 enterprises"
    yield "Invented after what is known of Suzhou in 2021; every name is an example (示例)."
    yield ""
    yield f"{'prefix':<8} {'enterprises':>11} {'identifiers':>15}  name"
    by_node: dict[bytes, list[Enterprise]] = {}
    for enterprise in dataset.enterprises:
        by_node.setdefault(enterprise.node.prefix, []).append(enterprise)
    for prefix, members in by_node.items():
        volume = sum(member.volume for member in members)
        name = members[0].node.name
        yield f"{prefix.decode():<8} {len(members):>11,} {volume:>15,}  {name}"
    yield ""
    yield f"{'prefix':<12} {'identifiers':>15}  the ten largest enterprises"
    for member in sorted(dataset.enterprises, key=lambda each: -each.volume)[:10]:
        yield f"{member.prefix.decode():<12} {member.volume:>15,}  {member.name}"


def _about_one(dataset: "Suzhou", prefix: str) -> Iterator[str]:
    from idnode.registry.datasets.suzhou.templates import (  # noqa: PLC0415  # rarely asked
        SHARES,
        templates,
    )

    enterprise = dataset.enterprise(prefix.encode(errors="replace"))
    if enterprise is None:
        raise CommandFailed(f"no enterprise of the data set has the prefix {prefix}")
    industry = enterprise.industry
    yield f"{prefix}  {enterprise.name}"
    yield f"{enterprise.node.name}, {industry.name} (GB/T 4754 {' '.join(industry.classes)})"
    yield f"{enterprise.volume:,} identifiers, ranks {enterprise.start} to {enterprise.stop - 1}"
    yield f"the first one registered: {dataset.handle(enterprise.start).decode()}"
    for template in templates(industry):
        types = ", ".join(attribute.value_type for attribute in template.attributes)
        yield f"{SHARES[template.size]:>3} %  {template.version}: {types}"
