"""The operations that change or list records, over the binary protocol (handle-protocol.md §5 and §5.1).

Rules are in judgement and registrar; here bodies become their arguments, and what was done becomes an answer.
A change is judged, and submitted, before the next request is looked at: the register takes changes in the order in
which they came. Administration
goes over streams only: a datagram may come from anybody, and may come twice.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from idnode.node.service import events
from idnode.node.service.errors import AdministrationRefused
from idnode.node.service.handle.response import OPERATION_NAMES, asked_prefix
from idnode.node.service.identifiers.registrar import applied_of
from idnode.registry.handle import names
from idnode.registry.handle.wire.administration import (
    decode_handle,
    decode_record,
    decode_removal,
    encode_created,
    encode_handle_list,
)
from idnode.registry.handle.wire.constants import LIST_HANDLES_MAX, OpCode, OpFlag

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from idnode.node.service.handle.connection import Connection
    from idnode.node.service.handle.dispatch import Dispatch, Operation
    from idnode.node.service.handle.homing import Homing
    from idnode.node.service.handle.response import Reply, ReplyTo, Responses
    from idnode.node.service.identifiers.registrar import Registrar
    from idnode.registry.handle.wire.envelope import Envelope
    from idnode.registry.handle.wire.message import Message
    from idnode.registry.mutation import (
        AddValues,
        Create,
        Delete,
        ModifyValues,
        Mutation,
        Outcome,
        RemoveValues,
    )

    Judge = Callable[[Message, Connection], Mutation]
    Work = Callable[[Message, Envelope, Connection], Coroutine[Any, Any, Reply]]

_CREATE: Final = int(OpCode.CREATE_HANDLE)
_OVERWRITE: Final = int(OpFlag.OVERWRITE)
_TELL_OF_REPLACEMENT: Final = (OpCode.CREATE_HANDLE, OpCode.ADD_VALUES)

_PAGE: Final = 20 * LIST_HANDLES_MAX
"""Handles that are looked up at once for a listing."""


class Administration:
    """Carries out administrative requests."""

    def __init__(self, registrar: Registrar, homing: Homing, responses: Responses) -> None:
        self._registrar = registrar
        self._authorization = registrar.authorization
        self._homing = homing
        self._success = responses.success

    def operations(self, dispatch: Dispatch) -> dict[int, Operation]:
        """Return the table of these operations, which reply later through ``dispatch``."""

        def changing(judge: Judge) -> Operation:
            def operation(
                message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
            ) -> None:
                _insist_on_stream(connection)
                mutation = judge(message, connection)
                outcomes = self._registrar.submit(mutation, connection.proof)
                answer = partial(self._changed, mutation, message, envelope, connection)
                dispatch.after(outcomes, answer, message, envelope, connection, reply)

            return operation

        def alone(work: Work) -> Operation:
            def operation(
                message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
            ) -> None:
                _insist_on_stream(connection)
                made = work(message, envelope, connection)
                dispatch.later(made, message, envelope, connection, reply)

            return operation

        def listing(
            message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
        ) -> None:
            _insist_on_stream(connection)
            work = self._list(message, envelope, connection, reply)
            dispatch.alongside(work, message, envelope, connection, reply)

        return {
            OpCode.CREATE_HANDLE: changing(self._creation),
            OpCode.DELETE_HANDLE: changing(self._deletion),
            OpCode.ADD_VALUES: changing(self._addition),
            OpCode.REMOVE_VALUES: changing(self._removal),
            OpCode.MODIFY_VALUES: changing(self._modification),
            OpCode.LIST_HANDLES: listing,
            OpCode.HOME_PREFIX: alone(self._home),
            OpCode.UNHOME_PREFIX: alone(self._unhome),
            OpCode.LIST_HOMED_PREFIXES: alone(self._list_homed),
        }

    # Changes: what is asked, as the register takes it

    def _creation(self, message: Message, connection: Connection) -> Create | AddValues:
        handle, packed = decode_record(message.body)
        return self._authorization.creation(
            connection.identity,
            handle,
            packed,
            overwrite=bool(message.op_flags & OpFlag.OVERWRITE),
            mint=bool(message.op_flags & OpFlag.MINT_SUFFIX),
        )

    def _deletion(self, message: Message, connection: Connection) -> Delete:
        return self._authorization.deletion(connection.identity, decode_handle(message.body))

    def _addition(self, message: Message, connection: Connection) -> AddValues:
        handle, packed = decode_record(message.body)
        overwrite = bool(message.op_flags & OpFlag.OVERWRITE)
        return self._authorization.addition(
            connection.identity, handle, packed, overwrite=overwrite
        )

    def _removal(self, message: Message, connection: Connection) -> RemoveValues:
        handle, indexes = decode_removal(message.body)
        return self._authorization.removal(connection.identity, handle, indexes)

    def _modification(self, message: Message, connection: Connection) -> ModifyValues:
        handle, packed = decode_record(message.body)
        return self._authorization.modification(connection.identity, handle, packed)

    def _changed(
        self,
        mutation: Mutation,
        message: Message,
        envelope: Envelope,
        connection: Connection,
        outcomes: Sequence[Outcome],
    ) -> Reply:
        """Tell a client what became of its change."""
        replaced = applied_of(outcomes).replaced
        op_code = message.op_code
        body = encode_created(mutation.handle) if op_code == _CREATE else b""
        flags = _OVERWRITE if replaced and op_code in _TELL_OF_REPLACEMENT else 0
        operation, prefix = OPERATION_NAMES[op_code], asked_prefix(message.body)
        return self._success(message, envelope, connection, body, operation, prefix, flags)

    # The others

    async def _home(self, message: Message, envelope: Envelope, connection: Connection) -> Reply:
        handle = decode_handle(message.body)
        await self._homing.home(connection.identity, handle, prove=connection.proof)
        return self._done(message, envelope, connection, events.OTHER, handle)

    async def _unhome(self, message: Message, envelope: Envelope, connection: Connection) -> Reply:
        handle = decode_handle(message.body)
        await self._homing.unhome(connection.identity, handle, prove=connection.proof)
        return self._done(message, envelope, connection, events.OTHER, handle)

    async def _list_homed(
        self, message: Message, envelope: Envelope, connection: Connection
    ) -> Reply:
        homed = await self._homing.homed(connection.identity, prove=connection.proof)
        body = encode_handle_list(homed)
        return self._success(message, envelope, connection, body, events.LIST, b"")

    async def _list(
        self, message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
    ) -> None:
        """Reply with the handles of a prefix, 50 in a message; all messages but the last say that more come."""
        prefix, identity, prove = decode_handle(message.body), connection.identity, connection.proof
        kept: list[bytes] = []
        after: bytes | None = b""
        while after is not None:
            page = await self._registrar.list_handles(identity, prefix, after=after, limit=_PAGE)
            if prove is not None:
                await prove()
                prove = None
            after = page.after
            kept += page.handles
            while len(kept) > LIST_HANDLES_MAX:
                chunk = kept[:LIST_HANDLES_MAX]
                del kept[:LIST_HANDLES_MAX]
                reply(self._listed(message, envelope, connection, chunk, more=True))
                await connection.whole.room()
        reply(self._listed(message, envelope, connection, kept, more=False))

    def _listed(
        self,
        message: Message,
        envelope: Envelope,
        connection: Connection,
        handles: list[bytes],
        *,
        more: bool,
    ) -> Reply:
        body = encode_handle_list(handles)
        prefix = decode_handle(message.body)
        flags = OpFlag.CONTINUOUS if more else 0
        return self._success(message, envelope, connection, body, events.LIST, prefix, flags)

    def _done(  # noqa: PLR0913, PLR0917  # the parts of one request, passed through
        self,
        message: Message,
        envelope: Envelope,
        connection: Connection,
        operation: str,
        handle: bytes,
        flags: int = 0,
    ) -> Reply:
        prefix = names.prefix_of(handle)
        return self._success(message, envelope, connection, b"", operation, prefix, flags)


def _insist_on_stream(connection: Connection) -> None:
    if not connection.stream:
        raise AdministrationRefused
