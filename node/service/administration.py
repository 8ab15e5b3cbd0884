"""The operations that change or list records, over the binary protocol (handle-protocol.md §5 and §5.1).

Rules are in the registrar; here bodies become its arguments, and what it did becomes an answer. Administration
goes over streams only: a datagram may come from anybody, and may come twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from node.protocol.administration import (
    decode_handle,
    decode_record,
    decode_removal,
    encode_created,
    encode_handle_list,
)
from node.protocol.constants import LIST_HANDLES_MAX, OpCode, OpFlag
from node.service import events
from node.service.errors import AdministrationRefused
from registry import names

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from node.protocol.envelope import Envelope
    from node.protocol.message import Message
    from node.service.connection import Connection
    from node.service.dispatch import Dispatch, Operation
    from node.service.homing import Homing
    from node.service.registrar import Registrar
    from node.service.response import Reply, ReplyTo, Responses

    Work = Callable[[Message, Envelope, Connection], Coroutine[Any, Any, Reply]]

_PAGE: Final = 20 * LIST_HANDLES_MAX
"""Handles that are looked up at once for a listing."""


class Administration:
    """Carries out administrative requests."""

    def __init__(self, registrar: Registrar, homing: Homing, responses: Responses) -> None:
        self._registrar = registrar
        self._homing = homing
        self._success = responses.success

    def operations(self, dispatch: Dispatch) -> dict[int, Operation]:
        """Return the table of these operations, which reply later through ``dispatch``."""

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
            OpCode.CREATE_HANDLE: alone(self._create),
            OpCode.DELETE_HANDLE: alone(self._delete),
            OpCode.ADD_VALUES: alone(self._add),
            OpCode.REMOVE_VALUES: alone(self._remove),
            OpCode.MODIFY_VALUES: alone(self._modify),
            OpCode.LIST_HANDLES: listing,
            OpCode.HOME_PREFIX: alone(self._home),
            OpCode.UNHOME_PREFIX: alone(self._unhome),
            OpCode.LIST_HOMED_PREFIXES: alone(self._list_homed),
        }

    async def _create(self, message: Message, envelope: Envelope, connection: Connection) -> Reply:
        handle, packed = decode_record(message.body)
        created = await self._registrar.create(
            connection.identity,
            handle,
            packed,
            overwrite=bool(message.op_flags & OpFlag.OVERWRITE),
            mint=bool(message.op_flags & OpFlag.MINT_SUFFIX),
            prove=connection.proof,
        )
        return self._success(
            message,
            envelope,
            connection,
            encode_created(created.handle),
            events.CREATE,
            names.prefix_of(handle),
            OpFlag.OVERWRITE if created.replaced else 0,
        )

    async def _delete(self, message: Message, envelope: Envelope, connection: Connection) -> Reply:
        handle = decode_handle(message.body)
        await self._registrar.delete(connection.identity, handle, prove=connection.proof)
        return self._done(message, envelope, connection, events.DELETE, handle)

    async def _add(self, message: Message, envelope: Envelope, connection: Connection) -> Reply:
        handle, packed = decode_record(message.body)
        identity, prove = connection.identity, connection.proof
        if message.op_flags & OpFlag.OVERWRITE:
            put = await self._registrar.put_values(identity, handle, packed, prove=prove)
            flags = OpFlag.OVERWRITE if put.replaced else 0
        else:
            await self._registrar.add(identity, handle, packed, prove=prove)
            flags = 0
        return self._done(message, envelope, connection, events.ADD, handle, flags)

    async def _remove(self, message: Message, envelope: Envelope, connection: Connection) -> Reply:
        handle, indexes = decode_removal(message.body)
        await self._registrar.remove(connection.identity, handle, indexes, prove=connection.proof)
        return self._done(message, envelope, connection, events.REMOVE, handle)

    async def _modify(self, message: Message, envelope: Envelope, connection: Connection) -> Reply:
        handle, packed = decode_record(message.body)
        await self._registrar.modify(connection.identity, handle, packed, prove=connection.proof)
        return self._done(message, envelope, connection, events.MODIFY, handle)

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
            page = self._registrar.list_handles(identity, prefix, after=after, limit=_PAGE)
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
