"""The identifiers of one enterprise: by position (order of suffixes) and by turn (order of registration)."""

from idnode.registry.datasets.suzhou.enterprises import Enterprise
from idnode.registry.datasets.suzhou.records import Records


class Identifiers:
    """Describes what an enterprise registered; ``count`` identifiers at positions 0 … ``count`` - 1."""

    __slots__ = (
        *("_permutation", "_prefix", "count", "position"),
        *("records", "suffix", "suffixes", "values"),
    )

    def __init__(self, enterprise: Enterprise) -> None:
        self.suffixes = suffixes = enterprise.suffixes()
        self.count = enterprise.volume
        self.records = Records(enterprise, suffixes)
        self.suffix = suffixes.suffix
        """The suffix at a position."""
        self.position = suffixes.position
        """The position of a folded suffix, -1 when it was never issued."""
        self.values = self.records.values
        """The packed values at a position."""
        self._permutation = enterprise.permutation()
        self._prefix = enterprise.prefix + b"/"

    def handle(self, position: int) -> bytes:
        """Return the handle at a position."""
        return self._prefix + self.suffix(position)

    def position_of_turn(self, turn: int) -> int:
        """Return the position of the identifier that was registered as number ``turn``, from 0."""
        return self._permutation.forward(turn)

    def turn_of_position(self, position: int) -> int:
        """Return when the identifier at a position was registered, counted from 0."""
        return self._permutation.backward(position)
