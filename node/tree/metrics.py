"""The metrics of all nodes of a tree in one exposition, told apart by the label ``node``.

Its values are the names in the topology, a closed list. What is the process's and not a node's has no such label.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from prometheus_client.core import Metric

    from idnode.node.runtime import Node

_OF_THE_PROCESS: Final = frozenset(
    {
        "idnode_build",
        "idnode_loop_lag_seconds",
        "idnode_memory_bytes",
        "idnode_memory_limit_bytes",
    }
)


class TreeMetrics(Collector):
    """The metrics of the nodes that ``nodes`` returns.

    ``stopped`` are the names of those that should run and do not, ``described`` is what `status_of` tells of each.
    """

    def __init__(
        self,
        nodes: Callable[[], Mapping[str, Node]],
        stopped: Callable[[], list[str]],
        described: Callable[[], Iterable[Mapping[str, Any]]],
    ) -> None:
        self._described = described
        self._nodes = nodes
        self._stopped = stopped
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the exposition and its content type, in the format that the scraper accepts best."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def collect(self) -> Iterator[Metric]:
        """Yield each metric once, with the samples of all nodes."""
        families: dict[str, Metric] = {}
        for name, node in self._nodes().items():
            for metric in node.metrics.collect():
                common = metric.name in _OF_THE_PROCESS
                found = families.get(metric.name)
                if found is not None and common:
                    continue
                if not common:
                    metric.samples = [
                        sample._replace(labels={"node": name, **sample.labels})
                        for sample in metric.samples
                    ]
                if found is None:
                    families[metric.name] = metric
                else:
                    found.samples += metric.samples
        ready = families.get("idnode_ready")
        if ready is not None:
            for name in self._stopped():
                ready.add_sample("idnode_ready", {"node": name}, 0.0)
        yield from families.values()
        enterprises = GaugeMetricFamily(
            "idnode_tree_enterprises",
            "Enterprises that a node of the tree serves, and what it is.",
            labels=("node", "role", "industry", "prefix"),
        )
        for told in self._described():
            named = [told[name] for name in ("name", "role", "industry", "prefix")]
            enterprises.add_metric(named, told["enterprises"])
        yield enterprises
