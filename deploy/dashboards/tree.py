"""The tree: each node of a process by its name, and what the recursive node finds in its cache."""

from collections.abc import Iterator
from typing import Final

from deploy.dashboards.panels import Look, Query, Section, board, lines, rows
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

PER_SECOND: Final = Look("cps", decimals=1)
SHARE: Final = Look("percentunit", decimals=3)

DESCRIPTION: Final = (
    "The nodes of `idnode tree up`, told apart by the label `node`: what each holds, how fast it grows, and how the"
    " recursive node answers for all of them."
)


def dashboard() -> Dashboard:
    """Return the dashboard."""
    return board(
        "idnode-tree",
        "idnode: tree",
        DESCRIPTION,
        Section("The nodes", _nodes()),
        Section("Over time", _by_node()),
        Section("The recursive node", _recursive()),
        since="now-1h",
        refresh="10s",
    )


def _nodes() -> Iterator[Builder[Panel]]:
    rates = "sum by (node) (rate(idnode_{}_total{{$NODES,node!=''}}[5m]))"
    yield rows(
        "Nodes of the tree",
        "Industry, enterprises, identifiers, rates of five minutes, and the share of the target; a node that does not"
        " run has an empty row.",
        Query(
            "sum by (node, role, industry, prefix) (idnode_tree_enterprises{$NODES})", "enterprises"
        ),
        Query("sum by (node) (idnode_identifiers{$NODES,node!=''})", "identifiers"),
        Query(rates.format("registrations"), "registrations/s"),
        Query(rates.format("resolutions"), "resolutions/s"),
        Query(
            "sum by (node) (idnode_resolutions_total{$NODES,node!='',outcome='success'})"
            " / sum by (node) (idnode_target_resolutions{$NODES,node!=''} > 0)",
            "share of the target",
        ),
        Query("sum by (node) (idnode_ready{$NODES,node!=''})", "ready"),
        by="node",
    )


def _by_node() -> Iterator[Builder[Panel]]:
    for kind in ("registrations", "resolutions"):
        yield lines(
            f"{kind.capitalize()} by node",
            f"Successful {kind} a second, one line a node.",
            Query(
                f"sum by (node) (rate(idnode_{kind}_total{{$NODES,node!='',outcome='success'}}[5m]))",
                "{{node}}",
            ),
            look=PER_SECOND,
            span=8,
        )
    yield lines(
        "Share of the target by node",
        "Lifetime resolutions against each node's part of the target.",
        Query(
            "sum by (node) (idnode_resolutions_total{$NODES,node!='',outcome='success'})"
            " / sum by (node) (idnode_target_resolutions{$NODES,node!=''} > 0)",
            "{{node}}",
        ),
        look=SHARE,
        span=8,
    )


def _recursive() -> Iterator[Builder[Panel]]:
    answers = "rate(idnode_recursive_answers_total{$NODES}[5m])"
    yield lines(
        "What the cache knew",
        "Answers a second: from the cache, by asking, over their time, or none; stale ones mean that a node is away.",
        Query(f"sum by (result) ({answers})", "{{result}}"),
        look=Look("cps", decimals=1, stacked=True),
    )
    yield lines(
        "Hit ratio",
        "The part of all answers that came from the cache.",
        Query(
            "sum(rate(idnode_recursive_answers_total{$NODES,result='hit'}[5m]))"
            f" / sum({answers})",
            "hits",
        ),
        look=Look("percentunit", decimals=1, ceiling=1.0),
    )
    yield lines(
        "Time of a walk",
        "Half of the walks through the tree, and 99 in 100, took at most this long.",
        *(
            Query(
                f"histogram_quantile({part}, sum by (le)"
                " (rate(idnode_recursive_upstream_seconds_bucket{$NODES}[5m])))",
                text,
            )
            for part, text in ((0.5, "half"), (0.99, "99 in 100"))
        ),
        look=Look("s", decimals=3),
    )
