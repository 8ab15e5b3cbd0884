"""Runs of plain resolutions in the bytes of a TCP connection, answered in one go by native code.

A run ends with the first request that native code leaves alone; that one and what follows it are the Python face's.
The start of a request that may yet become plain is kept until the rest of it has come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from idnode.registry.handle.clock import Clock


class NativeStream(Protocol):
    """The native answers, as `idnode.node.faces.handle.native.responder.Answers` has them."""

    def answer_stream(self, data: bytes, now: int, waited: float, /) -> tuple[bytes, int, bool]:
        """Return answers, the bytes of the requests answered, and whether more may make what follows plain.

        The requests waited so many seconds before they were read.
        """
        ...


class Runs:
    """The native side of one connection."""

    __slots__ = ("_clock", "_tail")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tail = b""

    def take(self, native: NativeStream, data: bytes, waited: float) -> tuple[bytes, bytes]:
        """Return the answers to the run in front of these bytes, and what is left for others to answer.

        The bytes waited so many seconds before they were read.
        """
        if self._tail:
            data = self.give_back() + data
        answers, used, incomplete = native.answer_stream(data, int(self._clock.now()), waited)
        rest = data[used:]
        if incomplete:
            self._tail, rest = rest, b""
        return answers, rest

    def give_back(self) -> bytes:
        """Return the bytes that were kept, which are kept no more."""
        tail, self._tail = self._tail, b""
        return tail
