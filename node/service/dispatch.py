"""From a decoded request to its operation, and from whatever goes wrong to an answer.

The ladder: an answer is not answered like a request, operation 0 is reserved, an unknown operation is said to
be unknown, a planned error becomes its response code, an unplanned one "error". What cannot even be decoded
is answered one step earlier, in `door`.

A dispatch is a plain callable ``(message, envelope, connection, reply)``. Who wants to come between (faults)
wraps it and hands the wrapper to a face; without a wrapper nothing is on the path.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Final

from node.protocol.constants import OpCode
from node.service.errors import (
    AnswerReceived,
    OperationNotSupported,
    RecursionTooDeep,
    ReservedOperation,
)

if TYPE_CHECKING:
    from node.protocol.envelope import Envelope
    from node.protocol.message import Message
    from node.service.connection import Connection
    from node.service.queries import Queries
    from node.service.response import Reply, ReplyTo, Responses

RECURSION_MAX: Final = 10
"""Servers that a request may have gone through (handle-protocol.md §2)."""

Operation = Callable[["Message", "Envelope", "Connection", "ReplyTo"], None]
"""Carries out one request: replies before it returns, or later; raises what `answers` knows."""


class Dispatch:
    """Finds the operation of each request by its code and answers what it raises."""

    def __init__(self, operations: Mapping[int, Operation], responses: Responses) -> None:
        self._operations = {int(code): operation for code, operation in operations.items()}
        self._responses = responses
        self._under_way: set[asyncio.Task[None]] = set()

    def __call__(
        self, message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
    ) -> None:
        """Carry out one request; ``reply`` is called before this returns, or later."""
        try:
            operation = self._operations.get(message.op_code)
            if operation is None or message.response_code or message.recursion_count:
                operation = self._judge(message)
            operation(message, envelope, connection, reply)
        except Exception as error:  # noqa: BLE001  # the one place where errors become answers
            reply(self._responses.failure(error, envelope, connection, message))

    def _judge(self, message: Message) -> Operation:
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
        task = asyncio.ensure_future(
            self._finish(work, message, envelope, connection, reply),
        )
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
            answer = self._responses.failure(error, envelope, connection, message)
        reply(answer)

    @property
    def under_way(self) -> int:
        """How many requests will be answered later."""
        return len(self._under_way)

    async def drain(self) -> None:
        """Wait until every request that is under way has been answered."""
        while self._under_way:
            await asyncio.wait(self._under_way)


def query_operations(queries: Queries) -> dict[int, Operation]:
    """Return the table of operations that need no administrator."""
    return {
        OpCode.RESOLUTION: queries.resolve,
        OpCode.GET_SITE_INFO: queries.get_site_info,
    }
