"""Outcome events: each answered request yields one small fact, from which metrics and a journal are fed.

The service knows no metrics. A face is given an `Observer` and tells it what happened; operation names come
from a closed set, so that they may become labels. Prefixes are facts for the journal, never labels.
"""

from collections.abc import Sequence
from typing import Final, Protocol

RESOLVE: Final = "resolve"
SITE: Final = "site"
CREATE: Final = "create"
DELETE: Final = "delete"
ADD: Final = "add"
MODIFY: Final = "modify"
REMOVE: Final = "remove"
LIST: Final = "list"
BATCH_REGISTER: Final = "batch_register"
BATCH_RESOLVE: Final = "batch_resolve"
OTHER: Final = "other"

OPERATIONS: Final = (
    RESOLVE,
    SITE,
    CREATE,
    DELETE,
    ADD,
    MODIFY,
    REMOVE,
    LIST,
    BATCH_REGISTER,
    BATCH_RESOLVE,
    OTHER,
)
"""Every operation name that an observer may be told."""


class Observer(Protocol):
    """Takes what one face tells about its work. Called on the loop for each request: must not block or raise."""

    def answered(
        self, operation: str, response_code: int, prefix: bytes, seconds: float, /
    ) -> None:
        """Take in that one request was answered.

        ``operation`` is one of `OPERATIONS`, ``prefix`` the bytes before the first slash as asked (empty when
        no handle was readable), ``seconds`` the time from the arrival of the bytes to the answer.
        """

    def registered(self, response_code: int, prefix: bytes, count: int, /) -> None:
        """Take in that ``count`` identifiers were asked to be created, with one outcome."""

    def resolved(self, response_code: int, prefix: bytes, count: int, /) -> None:
        """Take in that ``count`` identifiers were resolved, with one outcome."""

    def timed(self, operation: str, counts: Sequence[int], seconds: float, /) -> None:
        """Take in how long many requests took that were answered without telling of each.

        ``counts`` stand under the upper bounds that this observer sorts durations by, the last one above them
        all; ``seconds`` is the sum. Their outcomes are told by `resolved`.
        """

    def dropped(self, count: int, /) -> None:
        """Take in that so many datagrams were lost because a buffer of the node was full."""

    def malformed(self, reason: str, /) -> None:
        """Take in that bytes arrived which are no request; ``reason`` is one of a few fixed words."""

    def opened(self) -> None:
        """Count a connection that was opened."""

    def closed(self) -> None:
        """Count a connection that was closed."""


class NullObserver:
    """An observer that looks away."""

    def answered(
        self, operation: str, response_code: int, prefix: bytes, seconds: float, /
    ) -> None:
        """Take no notice."""

    def registered(self, response_code: int, prefix: bytes, count: int, /) -> None:
        """Take no notice."""

    def resolved(self, response_code: int, prefix: bytes, count: int, /) -> None:
        """Take no notice."""

    def timed(self, operation: str, counts: Sequence[int], seconds: float, /) -> None:
        """Take no notice."""

    def dropped(self, count: int, /) -> None:
        """Take no notice."""

    def malformed(self, reason: str, /) -> None:
        """Take no notice."""

    def opened(self) -> None:
        """Take no notice."""

    def closed(self) -> None:
        """Take no notice."""
