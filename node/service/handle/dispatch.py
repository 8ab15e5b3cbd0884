"""From a decoded request to its operation, and from whatever goes wrong to an answer.

The ladder: an answer is not answered like a request, operation 0 is reserved, an unknown operation is said to
be unknown, a planned error becomes its response code, an unplanned one "error". What cannot even be decoded
is answered one step earlier, in `receiver`.

A request that misses records which are elsewhere is carried out again once they are here; so no operation does
anything that lasts before its last look-up.

A dispatch is a plain callable ``(message, envelope, connection, reply)``. Who wants to come between (faults)
wraps it and hands the wrapper to a face; without a wrapper nothing is on the path.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from idnode.node.interceptors.exchange import current, note_handle
from idnode.node.service.errors import (
    AnswerReceived,
    AuthenticationNeeded,
    OperationNotSupported,
    RecursionTooDeep,
    ReservedOperation,
    ServiceError,
)
from idnode.node.service.handle.response import OPERATION_NAMES, asked_handle
from idnode.registry.fetching import NotFetched, carried_out_again
from idnode.registry.handle.wire.constants import OpCode

if TYPE_CHECKING:
    from idnode.node.service.handle.connection import Connection
    from idnode.node.service.handle.response import Reply, ReplyTo, Responses
    from idnode.registry.handle.wire.envelope import Envelope
    from idnode.registry.handle.wire.message import Message

_Outcome = TypeVar("_Outcome")

RECURSION_MAX: Final = 10
"""Servers that a request may have gone through (handle-protocol.md §2)."""

Operation = Callable[["Message", "Envelope", "Connection", "ReplyTo"], None]
"""Carries out one request: replies before it returns, or later; raises what `answers` knows."""


Challenge = Callable[["Message", "Envelope", "Connection"], "Reply"]
"""Makes the answer to a request whose sender has to be known, and is not."""


class Dispatch:
    """Finds the operation of each request by its code and answers what it raises."""

    def __init__(
        self,
        operations: Mapping[int, Operation],
        responses: Responses,
        challenge: Challenge | None = None,
    ) -> None:
        self._operations: dict[int, Operation] = {}
        self._responses = responses
        self._challenge = challenge
        self._under_way: set[asyncio.Future[Any]] = set()
        self.offer(operations)

    def offer(self, operations: Mapping[int, Operation]) -> None:
        """Take in further operations."""
        self._operations |= {int(code): operation for code, operation in operations.items()}

    def __call__(
        self, message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
    ) -> None:
        """Carry out one request; ``reply`` is called before this returns, or later."""
        if current.get() is not None and message.op_code in OPERATION_NAMES:
            note_handle(asked_handle(message.body))
        operation = self._operations.get(message.op_code)
        try:
            if operation is None or message.response_code or message.recursion_count:
                operation = self._unusual(message)
            operation(message, envelope, connection, reply)
        except Exception as error:  # noqa: BLE001  # the one place where errors become answers
            reply(self._failure(error, message, envelope, connection))
        except NotFetched as missing:
            assert operation is not None  # nothing else looks records up
            self._own(self._again(missing, operation, message, envelope, connection, reply))

    async def _again(  # noqa: PLR0913, PLR0917  # the parts of one request, passed through
        self,
        missing: NotFetched,
        operation: Operation,
        message: Message,
        envelope: Envelope,
        connection: Connection,
        reply: ReplyTo,
    ) -> None:
        """Carry out a request once the records that it misses are here.

        Those of one connection are fetched side by side, and carried out in the order in which they came: that is
        the order in which the register is to take changes.
        """
        whole = connection.whole
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        before, whole.turn = whole.turn, turn

        async def carry_out() -> None:
            if before is not None:
                await asyncio.wait((before,))
            operation(message, envelope, connection, reply)

        try:
            await carried_out_again(missing, carry_out)
        except Exception as error:  # noqa: BLE001  # the same place, for requests that were carried out again
            reply(self._failure(error, message, envelope, connection))
        finally:
            turn.set_result(None)
            if whole.turn is turn:
                whole.turn = None

    def _failure(
        self, error: Exception, message: Message, envelope: Envelope, connection: Connection
    ) -> Reply:
        if isinstance(error, AuthenticationNeeded) and self._challenge is not None:
            try:
                return self._challenge(message, envelope, connection)
            except ServiceError as refusal:
                error = refusal
        return self._responses.failure(error, envelope, connection, message)

    def _unusual(self, message: Message) -> Operation:
        """Return the operation of an unusual request, or raise why there is none."""
        if message.response_code:
            raise AnswerReceived("A response was received where a request was expected")
        if message.op_code == OpCode.RESERVED:
            raise ReservedOperation("Unknown operation code: 0")
        if message.recursion_count > RECURSION_MAX:
            raise RecursionTooDeep("Recursion count too high")
        operation = self._operations.get(message.op_code)
        if operation is None:
            raise OperationNotSupported(f"Unsupported operation code: {message.op_code}")
        return operation

    def later(
        self,
        work: Coroutine[Any, Any, Reply],
        message: Message,
        envelope: Envelope,
        connection: Connection,
        reply: ReplyTo,
    ) -> None:
        """Reply with what ``work`` returns once it is done, or with the error that it raises."""
        self._own(self._finish(work, message, envelope, connection, reply))

    def after(  # noqa: PLR0913, PLR0917  # the parts of one request, passed through
        self,
        outcome: Awaitable[_Outcome],
        answer: Callable[[_Outcome], Reply],
        message: Message,
        envelope: Envelope,
        connection: Connection,
        reply: ReplyTo,
    ) -> None:
        """Reply with what ``answer`` makes of an outcome once it is there, or with the error that either raises.

        An outcome that is a future costs no task.
        """
        future = outcome if isinstance(outcome, asyncio.Future) else asyncio.ensure_future(outcome)

        def finish(future: asyncio.Future[_Outcome]) -> None:
            self._under_way.discard(future)
            if future.cancelled():
                return
            try:
                made = answer(future.result())
            except Exception as error:  # noqa: BLE001  # the same place, for replies that come later
                made = self._failure(error, message, envelope, connection)
            reply(made)

        self._under_way.add(future)
        future.add_done_callback(finish)

    def alongside(
        self,
        work: Coroutine[Any, Any, None],
        message: Message,
        envelope: Envelope,
        connection: Connection,
        reply: ReplyTo,
    ) -> None:
        """Let ``work`` reply as often as it likes; the error that it raises is answered."""
        self._own(self._watch(work, message, envelope, connection, reply))

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _finish(
        self,
        work: Coroutine[Any, Any, Reply],
        message: Message,
        envelope: Envelope,
        connection: Connection,
        reply: ReplyTo,
    ) -> None:
        try:
            answer = await work
        except Exception as error:  # noqa: BLE001  # the same place, for replies that come later
            answer = self._failure(error, message, envelope, connection)
        reply(answer)

    async def _watch(
        self,
        work: Coroutine[Any, Any, None],
        message: Message,
        envelope: Envelope,
        connection: Connection,
        reply: ReplyTo,
    ) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001  # the same place, for work that replies by itself
            reply(self._failure(error, message, envelope, connection))

    @property
    def under_way(self) -> int:
        """Return how many requests will be answered later."""
        return len(self._under_way)

    async def drain(self) -> None:
        """Wait until every request that is under way has been answered."""
        while self._under_way:
            await asyncio.wait(self._under_way)
