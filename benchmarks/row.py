"""One line of the result: our figure beside a peer's."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import NamedTuple


class Speed(NamedTuple):
    """Requests, or identifiers, a second, and the microseconds of processor time that one cost the server."""

    rate: float
    server_cpu: float

    def note(self) -> str:
        """Return what one cost, in a few words."""
        return f"{self.server_cpu:.1f} µs CPU"


@dataclass(frozen=True, slots=True)
class Row:
    """Holds what was measured; ``ours`` and ``peers`` are the repetitions, in the order they were taken."""

    what: str
    ours: tuple[float, ...] = ()
    peer: str = ""
    peers: tuple[float, ...] = ()
    unit: str = "/s"
    note: str = ""
    pure: tuple[float, ...] = ()
    """The same without the compiled core."""
    at_least: float | None = None
    """What the ratio must reach."""
    at_most: float | None = None
    """What our figure must not exceed, in its unit."""

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

    @property
    def pure_figure(self) -> float | None:
        """Median of the repetitions without the compiled core."""
        return median(self.pure) if self.pure else None

    @property
    def kept(self) -> bool | None:
        """Return whether the row's bound is kept; ``None`` without one, or without what it is about."""
        if self.at_least is not None and self.ratio is not None:
            return self.ratio >= self.at_least
        if self.at_most is not None and self.our_figure is not None:
            return self.our_figure <= self.at_most
        return None

    def as_json(self) -> dict[str, object]:
        """Return everything, repetitions included."""
        return {
            "what": self.what,
            "unit": self.unit,
            "ours": self.our_figure,
            "peer": self.peer,
            "peer_figure": self.peer_figure,
            "ratio": self.ratio,
            "at_least": self.at_least,
            "at_most": self.at_most,
            "kept": self.kept,
            "pure": self.pure_figure,
            "note": self.note,
            "repetitions": {
                "ours": list(self.ours),
                "peer": list(self.peers),
                "pure": list(self.pure),
            },
        }
