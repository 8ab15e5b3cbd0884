"""The prefix handle ``0.NA/<prefix>`` of an enterprise, kept in step with the directory.

It has the form that clients count on: HS_SITE at 1, HS_ADMIN at 100 pointing to the HS_VLIST at 200, HS_SECKEY
at 301. While the prefix is enabled and hosted, HS_SITE is this node's; of a prefix with a server of its own it
is that server's, so that clients are sent on. A disabled prefix, or one that is not configured yet, has
neither HS_SITE nor HS_ADMIN, and so does not live here. Values that somebody else put into the record stay.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from idnode.node.service.directory.refusals import FieldRefused
from idnode.node.service.identifiers.credentials import node_administrators
from idnode.registry.fetching import fetched
from idnode.registry.handle import names, values
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.prefix_record import (
    ADMIN_INDEX,
    GROUP_INDEX,
    SECRET_KEY_INDEX,
    SITE_INDEX,
)
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin
from idnode.registry.handle.types.hs_site import Interface, Server, Site, encode_site, pack_address
from idnode.registry.handle.types.hs_vlist import Member, encode_vlist
from idnode.registry.handle.wire.constants import InterfaceType, Transport
from idnode.registry.handle.wire.errors import EncodingError
from idnode.registry.mutation import AddValues, Create, RemoveValues

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idnode.registry.directory.entries import PrefixEntry
    from idnode.registry.handle.clock import Clock
    from idnode.registry.mutation import Mutation
    from idnode.registry.register import Register

_PUBLIC: Final = 0x0E
_PRIVATE: Final = 0x0C
_PORTS: Final = (
    ("tcpPort", Transport.TCP, InterfaceType.BOTH),
    ("udpPort", Transport.UDP, InterfaceType.QUERY),
    ("httpPort", Transport.HTTP, InterfaceType.BOTH),
)


class PrefixRecords:
    """Writes prefix handles; ``site`` is this node's site record."""

    def __init__(self, register: Register, clock: Clock, node_prefix: bytes, site: bytes) -> None:
        self._register = register
        self._clock = clock
        self._node_prefix = node_prefix
        self._site = site

    async def follow(self, entry: PrefixEntry, secret: str) -> None:
        """Bring the prefix handle to what the directory says; again is harmless.

        ``secret`` becomes the secret of ``301:0.NA/<prefix>`` when the record is made.

        Raises:
            SiteUnknown: The node is still starting.
            RegistryError: The register refused.

        """
        handle = names.prefix_handle(entry.name.encode())
        wanted = self._wanted(entry, handle)
        stored = await fetched(partial(self._register.lookup, handle))
        changes: list[Mutation] = []
        if stored is None:
            changes.append(Create(handle, values.join([*wanted, *self._lasting(handle, secret)])))
        else:
            changes.extend(_changes(handle, stored.values, wanted))
        if not changes:
            return
        for outcome in await self._register.submit(changes, all_or_nothing=True):
            if isinstance(outcome, RegistryError):
                raise outcome

    def _wanted(self, entry: PrefixEntry, handle: bytes) -> list[bytes]:
        """Return the packed values that follow the state of the prefix, ascending by index."""
        site = self._site_for(entry)
        if site is None:
            return []
        admin = AdminValue(Right.ALL, handle, GROUP_INDEX)
        return [
            self._value(SITE_INDEX, b"HS_SITE", site),
            self._value(ADMIN_INDEX, b"HS_ADMIN", encode_admin(admin)),
        ]

    def _site_for(self, entry: PrefixEntry) -> bytes | None:
        """Return the site record of whoever answers for the prefix, None if nobody does."""
        if entry.hosted:
            return self._site
        if not entry.enabled or not entry.server:
            return None
        return site_of(entry.server)

    def _lasting(self, handle: bytes, secret: str) -> list[bytes]:
        """Return the packed values that a prefix handle gets once."""
        admins = [Member(handle, SECRET_KEY_INDEX)]
        admins += [
            Member(admin.handle, admin.index) for admin in node_administrators(self._node_prefix)
        ]
        return [
            self._value(GROUP_INDEX, b"HS_VLIST", encode_vlist(admins)),
            self._value(SECRET_KEY_INDEX, b"HS_SECKEY", secret.encode(), _PRIVATE),
        ]

    def _value(
        self, index: int, value_type: bytes, data: bytes, permissions: int = _PUBLIC
    ) -> bytes:
        now = int(self._clock.now())
        return values.pack_value(index, value_type, data, timestamp=now, permissions=permissions)


def _changes(handle: bytes, packed: bytes, wanted: list[bytes]) -> list[Mutation]:
    """Return what leads from a stored record to one with the wanted values at 1 and 100."""
    coming = values.join(wanted)
    present = {
        span.index: (span.type, values.data_of(packed, span)) for span in values.spans(packed)
    }
    fresh = []
    kept = set()
    for span in values.spans(coming):
        kept.add(span.index)
        if present.get(span.index) != (span.type, values.data_of(coming, span)):
            fresh.append(coming[span.start : span.end])
    changes: list[Mutation] = []
    if fresh:
        changes.append(AddValues(handle, values.join(fresh), overwrite=True))
    leaving = tuple(sorted({SITE_INDEX, ADMIN_INDEX} & present.keys() - kept))
    if leaving:
        changes.append(RemoveValues(handle, leaving))
    return changes


def site_of(server: Mapping[str, Any]) -> bytes:
    """Return the site record of an enterprise's own server, as P3 describes it (snms-api.md §8).

    Raises:
        FieldRefused: The address is none, or no port is given.

    """
    interfaces = tuple(
        Interface(kind, transport, int(server[name]))
        for name, transport, kind in _PORTS
        if server.get(name)
    )
    if not interfaces:
        raise FieldRefused("entPrefixConfig.tcpPort", None, "tcpPort、udpPort、httpPort至少填一个")
    try:
        address = pack_address(str(server["ip"]))
    except EncodingError as error:
        raise FieldRefused("entPrefixConfig.ip") from error
    servers = (Server(1, address, interfaces=interfaces),)
    return encode_site(Site(serial=1, servers=servers, attributes=((b"desc", b"enterprise"),)))
