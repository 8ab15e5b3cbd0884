"""Says how many nodes and cores a year's volume takes, from what one node takes at its knee."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from idnode.loadtests.knee import Knee, Probe

RESOLUTIONS: Final = 5_300_000_000
REGISTRATIONS: Final = 6_500_000_000
"""What the secondary nodes of Suzhou had resolved and registered (2021), taken as a year's volume."""

PEAK_FACTORS: Final = (1, 3, 10, 30, 100)
"""How many times the mean the busiest moments are."""

HEADROOM: Final = 0.6
"""Part of its knee up to which a node is to be used: what is above is for the loss of another and for growth."""

_YEAR_SECONDS: Final = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Capacity:
    """Holds what one node takes at once, each second, and the cores that it uses then, where that is known."""

    resolutions: float
    registrations: float
    cores: float | None


@dataclass(frozen=True, slots=True)
class Size:
    """Holds what one peak factor asks for, each second, and what it takes."""

    peak: int
    resolutions: float
    registrations: float
    nodes: int
    cores: int | None


def capacity_of(probe: Probe) -> Capacity:
    """Return what a node took at this rate: identifiers, as a batch has many."""
    seconds = probe.result["seconds"]
    items = {True: 0, False: 0}
    for each in probe.result["operations"]:
        items[each["operation"].startswith("register")] += each["items"]
    return Capacity(items[False] / seconds, items[True] / seconds, probe.cores)


def sizes(capacity: Capacity) -> Iterator[Size]:
    """Yield what each peak factor takes; the scarcer of both capacities decides."""
    for peak in PEAK_FACTORS:
        resolutions = RESOLUTIONS / _YEAR_SECONDS * peak
        registrations = REGISTRATIONS / _YEAR_SECONDS * peak
        parts = [
            need / has
            for need, has in (
                (resolutions, capacity.resolutions),
                (registrations, capacity.registrations),
            )
            if has
        ]
        whole = max(parts, default=math.inf) / HEADROOM
        if math.isinf(whole):
            return
        cores = None if capacity.cores is None else max(math.ceil(whole * capacity.cores), 1)
        yield Size(peak, resolutions, registrations, max(math.ceil(whole), 1), cores)


def as_text(knee: Knee) -> str:
    """Return the probes, the knee, and the table, in Markdown."""
    lines = [
        "",
        "| arrivals a second | p99 ms | cores of the node | result |",
        "| ---: | ---: | ---: | --- |",
    ]
    lines += [_probe(probe) for probe in knee.probes]
    lines += ["", _said(knee), ""]
    if knee.kept is not None:
        lines += _table(list(sizes(capacity_of(knee.kept))), capacity_of(knee.kept))
    return "\n".join([*lines, ""])


def _probe(probe: Probe) -> str:
    p99 = probe.result["all"]["corrected_ms"]["p99"]
    word = probe.result["verdict"].partition(":")[0]
    why = f" (Locust: {probe.result['doubts'][0]})" if probe.limited else ""
    return f"| {probe.rate:,g} | {p99:,.1f} | {_number(probe.cores)} | {word}{why} |"


def _said(knee: Knee) -> str:
    if knee.kept is None and not knee.is_of_the_node:
        return "NOTHING IS KNOWN: Locust was the limit at the lowest rate, too; the machine is busy with other work"
    if knee.kept is None:
        return "NO KNEE: not even the lowest rate was within the thresholds"
    if knee.is_of_the_node and knee.broken is not None:
        return (
            f"KNEE: {knee.kept.rate:,g} arrivals a second; {knee.broken.rate:,g} broke a threshold"
        )
    return (
        f"AT LEAST {knee.kept.rate:,g} arrivals a second: beyond that Locust was the limit, or the rates ended,"
        " and not the node; use --processes or more machines"
    )


def _table(found: Sequence[Size], capacity: Capacity) -> Iterator[str]:
    yield (
        f"One node takes {capacity.resolutions:,.0f} resolutions and {capacity.registrations:,.0f} registrations"
        f" a second at once, and is to be used up to {HEADROOM:.0%} of that. For 5.3 billion resolutions and"
        " 6.5 billion registrations a year:"
    )
    yield ""
    yield "| peak over mean | resolutions a second | registrations a second | nodes | cores in all |"
    yield "| ---: | ---: | ---: | ---: | ---: |"
    for size in found:
        yield (
            f"| {size.peak} | {size.resolutions:,.0f} | {size.registrations:,.0f} | {size.nodes:,} |"
            f" {_number(size.cores)} |"
        )


def _number(found: float | None) -> str:
    if found is None:
        return "not known"
    return f"{found:,}" if isinstance(found, int) else f"{found:,.2f}"
