"""Counters of a recursive node, and their metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from idnode.node.ops.counters import SECONDS, Histogram

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from idnode.node.recursion.cache import Cache

HIT: Final = "hit"
MISS: Final = "miss"
STALE: Final = "stale"
FAILED: Final = "failed"
RESULTS: Final = (HIT, MISS, STALE, FAILED)
"""How a question was answered: from the cache, by asking, from the cache after its time, or not at all."""

_DEPTHS: Final = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 16.0)


class RecursionCounters:
    """Plain counters of one recursive node."""

    def __init__(self) -> None:
        self.answers = dict.fromkeys(RESULTS, 0)
        self.coalesced = 0
        self.prefetches = 0
        self.upstream_seconds = Histogram(SECONDS)
        self.depth = Histogram(_DEPTHS)
        self.upstream_failures = 0

    def collect(self, cache: Cache) -> Iterator[Metric]:
        """Yield the metrics."""
        answers = CounterMetricFamily(
            "idnode_recursive_answers",
            "Questions answered for clients, by what the cache knew.",
            labels=("result",),
        )
        for result, count in self.answers.items():
            answers.add_metric((result,), count)
        yield answers
        for name, text, count in (
            ("coalesced", "Questions that waited for an equal one.", self.coalesced),
            ("prefetches", "Records asked for again before their time was over.", self.prefetches),
            ("upstream_failures", "Questions that no node answered.", self.upstream_failures),
        ):
            yield CounterMetricFamily(f"idnode_recursive_{name}", text, value=count)
        for name, text, seen in (
            (
                "upstream_seconds",
                "Time that one walk through the tree took.",
                self.upstream_seconds,
            ),
            ("depth", "Nodes that one walk asked.", self.depth),
        ):
            yield HistogramMetricFamily(
                f"idnode_recursive_{name}", text, list(seen.cumulative()), seen.total
            )
        yield GaugeMetricFamily("idnode_recursive_cache_entries", "Handles remembered.", len(cache))
        yield GaugeMetricFamily(
            "idnode_recursive_cache_bytes", "Memory of what is remembered.", cache.bytes
        )
