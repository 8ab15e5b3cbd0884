"""One line of the result: our figure beside a peer's."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured; ``ours`` and ``peers`` are the repetitions, in the order they were taken."""

    what: str
    ours: tuple[float, ...] = ()
    peer: str = ""
    peers: tuple[float, ...] = ()
    unit: str = "/s"
    note: str = ""

    @property
    def our_figure(self) -> float | None:
        """Median of our repetitions."""
        return median(self.ours) if self.ours else None

    @property
    def peer_figure(self) -> float | None:
        """Median of the peer's repetitions."""
        return median(self.peers) if self.peers else None

    @property
    def ratio(self) -> float | None:
        """Median of ours ÷ peer, each pair taken right after one another."""
        pairs = [ours / peer for ours, peer in zip(self.ours, self.peers, strict=False) if peer]
        return median(pairs) if pairs else None

    def as_json(self) -> dict[str, object]:
        """Return everything, repetitions included."""
        return {
            "what": self.what,
            "unit": self.unit,
            "ours": self.our_figure,
            "peer": self.peer,
            "peer_figure": self.peer_figure,
            "ratio": self.ratio,
            "note": self.note,
            "repetitions": {"ours": list(self.ours), "peer": list(self.peers)},
        }
