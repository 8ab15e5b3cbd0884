"""Connections that are lent to native threads while they ask nothing but plain resolutions (the setting ``workers``).

The loop accepts every connection, counts it and ends it. One that was answered natively before is lent with the
next run: the loop stops reading it, and a thread answers what comes on it. The thread returns it with the first bytes that are
not plain, and the loop goes on with them as if it had read them itself. Whoever closes a connection, or has to see
each request, takes it back first.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

TCP_FACE: Final = 0
HTTP_FACE: Final = 1
"""Which answers the threads give on a connection."""

NOT_LENT: Final = -1
"""In place of the number of a loan."""

RUNS_BEFORE: Final = 1
"""Runs in succession that the loop has native code answer before a connection is lent."""

_log = logging.getLogger(__name__)


class Threads(Protocol):
    """The native threads, as `idnode.node.faces.handle.native.workers.Workers` has them."""

    def start(self, count: int) -> None:
        """Start so many threads."""

    def stop(self) -> None:
        """Return once no thread runs."""

    def fileno(self) -> int:
        """Return the descriptor that is readable when connections were returned."""
        ...

    def lend(self, face: int, socket: int, data: bytes) -> int | None:
        """Lend a connection with bytes that came on it; returns the loan, if there is a thread for it."""
        ...

    def take_back(self, loan: int) -> tuple[bytes, bytes]:
        """End a loan: return what was read and not answered, and what is not sent."""
        ...

    def returned(self) -> list[int]:
        """Return the loans whose connections the threads gave back."""
        ...

    def last(self, loan: int) -> float:
        """Return when something was answered last, in monotonic seconds."""
        ...


class Borrowed(Protocol):
    """A connection that may be lent."""

    loan: int
    """The number of its loan, `NOT_LENT` without one."""

    def come_back(self, held: bytes, last: float) -> None:
        """Go on with bytes that were read and not answered; something was answered at ``last`` (monotonic)."""


class Lender:
    """Lends connections of one event loop to ``count`` threads; none before `begin`, and none after `end`."""

    def __init__(self, threads: Threads, count: int) -> None:
        self._threads = threads
        self._count = count
        self._lent: dict[int, tuple[Borrowed, asyncio.Transport]] = {}
        self._runs = False

    def __len__(self) -> int:
        """Return how many connections are lent."""
        return len(self._lent)

    def begin(self) -> None:
        """Start the threads; without them the loop answers."""
        if self._runs or not self._count:
            return
        try:
            self._threads.start(self._count)
        except OSError as error:
            self._count = 0
            _log.warning("the event loop answers alone, no threads can be had: %s", error)
            return
        asyncio.get_running_loop().add_reader(self._threads.fileno(), self._collect)
        self._runs = True

    def end(self) -> None:
        """Stop the threads, and take every connection back."""
        if not self._runs:
            return
        self._runs = False
        self._threads.stop()
        asyncio.get_running_loop().remove_reader(self._threads.fileno())
        for loan in list(self._lent):
            self._take_back(loan)

    def lend(
        self, connection: Borrowed, transport: asyncio.Transport, face: int, data: bytes
    ) -> bool:
        """Lend a connection of this face with bytes that came on it; returns whether a thread has both now."""
        if (
            not self._runs
            or transport.get_write_buffer_size()  # answers that are not sent yet go first
            or transport.is_closing()
            or transport.get_extra_info("sslcontext") is not None
        ):
            return False
        transport.pause_reading()
        loan = self._threads.lend(face, transport.get_extra_info("socket").fileno(), data)
        if loan is None:
            transport.resume_reading()
            return False
        connection.loan = loan
        self._lent[loan] = connection, transport
        return True

    def last(self, connection: Borrowed) -> float:
        """Return when something was answered last on a connection that is lent, in monotonic seconds."""
        return self._threads.last(connection.loan)

    def recall(self, connection: Borrowed) -> None:
        """Take a connection back, if it is lent."""
        if connection.loan != NOT_LENT:
            self._take_back(connection.loan)

    def _collect(self) -> None:
        for loan in self._threads.returned():
            self._take_back(loan)

    def _take_back(self, loan: int) -> None:
        if loan not in self._lent:
            return  # by one that came back before it
        connection, transport = self._lent.pop(loan)
        last = self._threads.last(loan)
        held, unsent = self._threads.take_back(loan)
        connection.loan = NOT_LENT
        if unsent:
            transport.write(unsent)
        transport.resume_reading()
        connection.come_back(held, last)


def recall(lender: Lender | None, connection: Borrowed) -> None:
    """Take a connection back that is about to be closed, if it is lent."""
    if lender is not None:
        lender.recall(connection)
