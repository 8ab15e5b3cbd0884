"""The operations of the binary protocol that only read: resolution (op 1) and get-site-info (op 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from node.protocol.constants import OpFlag
from node.protocol.resolution import decode_query, encode_answer
from node.service.errors import SiteUnknown
from node.service.events import RESOLVE, SITE

if TYPE_CHECKING:
    from node.protocol.envelope import Envelope
    from node.protocol.message import Message
    from node.service.connection import Connection
    from node.service.resolver import Resolver
    from node.service.response import ReplyTo, Responses

_DO_NOT_REFER = OpFlag.DO_NOT_REFER


class Queries:
    """Answers queries; ``site`` is the node's site record, empty until its addresses are known."""

    def __init__(self, resolver: Resolver, responses: Responses, site: bytes = b"") -> None:
        self.site = site
        self._resolve = resolver.resolve
        self._success = responses.success

    def resolve(
        self, message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
    ) -> None:
        """Answer a resolution with the values that everybody may read.

        Restricted values are left out silently whatever the flags say, because ID-SDK asks without the
        public-only flag and cannot answer a challenge (handle-protocol.md §2.1).

        Raises:
            ProtocolError: The body is no query.
            RegistryError: As `Resolver.resolve`.
            ServiceError: As `Resolver.resolve`, or the answer is too large.

        """
        query = decode_query(message.body)
        handle = query.handle
        packed = self._resolve(
            handle,
            indexes=query.indexes,
            types=query.types,
            refer=not message.op_flags & _DO_NOT_REFER,
        )
        reply(
            self._success(
                message,
                envelope,
                connection,
                encode_answer(handle, packed),
                RESOLVE,
                handle.partition(b"/")[0],
            )
        )

    def get_site_info(
        self, message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
    ) -> None:
        """Answer with the node's site record.

        Raises:
            SiteUnknown: The node is still starting.

        """
        if not self.site:
            raise SiteUnknown("The node is still starting")
        reply(self._success(message, envelope, connection, self.site, SITE, b""))
