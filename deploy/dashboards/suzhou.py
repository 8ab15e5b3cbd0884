"""Suzhou: how far a node has come towards 6.5 billion registrations and 5.3 billion resolutions."""

from collections.abc import Iterator
from typing import Final

from deploy.dashboards.panels import (
    Look,
    Query,
    Section,
    beyond,
    board,
    dial,
    lines,
    number,
    slices,
    some,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

HUNDRED_YEARS: Final = 100 * 365.25 * 86_400

PER_SECOND: Final = Look("cps", decimals=1)
COUNT: Final = Look("short", decimals=3)
DURATION: Final = Look("s", decimals=1)

DESCRIPTION: Final = (
    "What was really registered and resolved here over the lifetime of the data directory, against what"
    " Suzhou's secondary nodes had reached in 2021. The totals survive restarts."
)


def dashboard() -> Dashboard:
    """Return the dashboard."""
    return board(
        "idnode-suzhou",
        "idnode: Suzhou",
        DESCRIPTION,
        Section("Towards 6.5 billion registrations", _progress("registrations")),
        Section("Towards 5.3 billion resolutions", _progress("resolutions")),
        Section("Where it comes from", _mix()),
        since="now-1h",
        refresh="10s",
    )


def _progress(kind: str) -> Iterator[Builder[Panel]]:
    yield dial(
        f"Share of the target: {kind}",
        f"Successful {kind} so far, as a share of the target that the node is set to.",
        Query(f"instance:idnode_{kind}:share_of_target{{$NODES}}", "{{instance}}"),
    )
    yield lines(
        f"{kind.capitalize()} so far",
        "The lifetime total. The target would flatten the curve; the dial shows how far it is.",
        Query(f"instance:idnode_{kind}:done{{$NODES}}", "{{instance}}"),
        look=COUNT,
        span=6,
    )
    yield lines(
        f"{kind.capitalize()} per second",
        "Successful ones, over the last five minutes and the last hour.",
        Query(f"instance:idnode_{kind}:rate5m{{$NODES}}", "{{instance}}, 5 min"),
        Query(f"instance:idnode_{kind}:rate1h{{$NODES}}", "{{instance}}, 1 h"),
        look=PER_SECOND,
        span=6,
    )
    yield number(
        f"{kind.capitalize()} done",
        "The lifetime total.",
        Query(f"instance:idnode_{kind}:done{{$NODES}}", "{{instance}}"),
        look=COUNT,
        span=3,
    )
    yield number(
        f"Time to target: {kind}",
        "What is left, divided by the rate of the last hour.",
        Query(f"instance:idnode_{kind}:seconds_to_target{{$NODES}}", "{{instance}}"),
        look=DURATION,
        span=3,
        meanings=(beyond(HUNDRED_YEARS, "not at this rate"),),
    )


def _mix() -> Iterator[Builder[Panel]]:
    for kind in ("resolutions", "registrations"):
        yield lines(
            f"{kind.capitalize()} by face",
            "Identifiers per second by the way they came in, whatever the answer was.",
            Query(f"sum by (face) (face:idnode_{kind}:rate5m{{$NODES}})", "{{face}}"),
            look=PER_SECOND._replace(stacked=True),
        )
    yield slices(
        "Lifetime by face",
        "Identifiers asked for or registered since the first start, by the way they came in. `log` are"
        " registrations that no counter remembers but the log proves.",
        Query(
            'sum by (face) ({__name__=~"idnode_(resolutions|registrations)_total",$NODES})',
            "{{face}}",
        ),
    )
    for kind in ("resolutions", "registrations"):
        yield lines(
            f"{kind.capitalize()} by outcome",
            "Identifiers per second by what they were answered.",
            Query(
                some(
                    f"sum by (outcome) (delta(idnode_{kind}_total{{$NODES}}[5m])) / 300", "outcome"
                ),
                "{{outcome}}",
            ),
            look=PER_SECOND._replace(stacked=True),
        )
    yield lines(
        "Identifiers that resolve",
        "`written` are in the log; `virtual` ones are computed by the data set and take no room.",
        Query("sum by (origin) (idnode_identifiers{$NODES})", "{{origin}}"),
        look=COUNT,
    )
