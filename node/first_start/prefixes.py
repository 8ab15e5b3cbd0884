"""Lays what a node finds in its register at each start: its own prefix and a demo enterprise's.

A prefix handle follows the convention that clients count on: HS_SITE at 1, HS_ADMIN at 100 pointing to index
200, HS_VLIST at 200 naming the administrators, HS_PUBKEY at 300, HS_SECKEY at 301, which only administrators
may read. Both prefix handles are made at the first start only; what somebody changed later stays. The site
record follows the addresses that are bound, in every prefix handle that names this node.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from idnode.node.first_start import key_pairs
from idnode.node.service.identifiers.credentials import Identity, node_administrators
from idnode.registry.errors import RegisterShort
from idnode.registry.fetching import fetched, together
from idnode.registry.handle import names, values
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.names import PREFIX_OF_PREFIXES
from idnode.registry.handle.prefix_record import (
    ADMIN_INDEX,
    GROUP_INDEX,
    PUBLIC_KEY_INDEX,
    SECRET_KEY_INDEX,
    SITE_INDEX,
)
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin
from idnode.registry.handle.types.hs_pubkey import encode_public_key
from idnode.registry.handle.types.hs_site import (
    Interface,
    Server,
    Site,
    decode_site,
    encode_site,
    pack_address,
)
from idnode.registry.handle.types.hs_vlist import Member, encode_vlist
from idnode.registry.handle.wire.constants import InterfaceType, Transport
from idnode.registry.handle.wire.errors import ProtocolError
from idnode.registry.limits import BATCH_ITEMS_MAX
from idnode.registry.mutation import AddValues, Create, ModifyValues

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from idnode.registry.handle.clock import Clock
    from idnode.registry.mutation import Mutation
    from idnode.registry.register import Register

ENTERPRISE_SUFFIX: Final = b".1"
"""What the demo enterprise's prefix has behind the node's."""

_SLICE_HANDLES: Final = 1000
"""Records that are asked for at once."""

_PUBLIC: Final = 0x0E
_PRIVATE: Final = 0x0C
_SITE_TYPE: Final = b"HS_SITE"
_PAGE: Final = 1000

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Tells where clients reach the node: ``host`` is the IP address they are told, ports are the bound ones.

    Without ``http_port`` clients are told of no HTTP. ``attributes`` are those of the site record.
    """

    host: str
    tcp_port: int
    udp_port: int
    http_port: int | None = None
    attributes: tuple[tuple[bytes, bytes], ...] = ((b"desc", b"idnode"),)


@dataclass(frozen=True, slots=True)
class NodeSite:
    """The node's site record as sent, its serial number, and the key behind the public key in it."""

    site: bytes
    site_serial: int
    signing_key: RSAPrivateKey
    number: int = 0
    """Which of the site's servers this node is."""


def administrators_of(prefix: bytes) -> HandleValue:
    """Return the HS_ADMIN value by which the administrators of a prefix administer a record."""
    admin = AdminValue(Right.ALL, names.prefix_handle(prefix), GROUP_INDEX)
    return HandleValue(ADMIN_INDEX, "HS_ADMIN", encode_admin(admin))


async def prepare_prefixes(  # noqa: PLR0913  # called once, by the composition root
    register: Register,
    clock: Clock,
    *,
    keys: Path,
    prefix: bytes,
    secret: bytes,
    addresses: Addresses,
    keep_secret: bool = False,
    demo_enterprise: bool = True,
    join: Callable[[Site], Awaitable[Site]] | None = None,
    make_key: key_pairs.Make = key_pairs.make,
) -> NodeSite:
    """Make sure that the register holds what a node needs, and return what the node tells clients.

    ``secret`` is the administrators' secret at first start. At later ones it replaces the stored one, also
    of a demo enterprise that still has the same, unless ``keep_secret``: then the stored one stays. ``join`` makes the node
    one server of a site of several. ``make_key`` gives the key pairs of a first start.

    Raises:
        KeyFileUnusable: A key file holds something else.
        RegistryError: The register took no writes.
        OSError: The keys cannot be read or written.

    """
    changes = _PrefixChanges(register, int(clock.now()), secret)
    enterprise = prefix + ENTERPRISE_SUFFIX
    stored = await fetched(partial(register.lookup, names.prefix_handle(prefix)))
    first_start = stored is None
    # Both at once: nothing else of a first start takes as long, and making a key leaves others running.
    owners = (prefix, enterprise) if first_start and demo_enterprise else (prefix,)
    key, *others = await asyncio.gather(
        *(
            asyncio.to_thread(key_pairs.load_or_make, keys, owner.decode(), make_key)
            for owner in owners
        )
    )
    fresh = _site_of(key, addresses)
    own = fresh.servers[0]
    if join is not None:
        fresh = await join(fresh)
    site = await changes.site(names.prefix_handle(prefix), fresh)
    number = next(n for n, each in enumerate(site.servers) if each.public_key == own.public_key)
    if first_start:
        changes.begin(prefix, key, site, dict(zip(owners[1:], others, strict=True)))
        await changes.submit()
    else:
        await changes.follow(prefix, enterprise, site, keep_secret=keep_secret)
    return NodeSite(encode_site(site), site.serial, key, number)


async def put_site_back(register: Register, clock: Clock, prefix: bytes, site: NodeSite) -> None:
    """Put the site record of today into the prefix handles of a register that was restored.

    Raises:
        RegistryError: The register took no writes.

    """
    changes = _PrefixChanges(register, int(clock.now()), b"")
    await changes.refresh_sites(prefix, decode_site(site.site))
    await changes.submit()


class _PrefixChanges:
    """The changes that this start makes."""

    def __init__(self, register: Register, now: int, secret: bytes) -> None:
        self._register = register
        self._now = now
        self._secret = secret
        self._changes: list[Mutation] = []

    def begin(
        self,
        prefix: bytes,
        key: RSAPrivateKey,
        site: Site,
        enterprises: Mapping[bytes, RSAPrivateKey],
    ) -> None:
        """Make the prefix handles of a first start."""
        admins = node_administrators(prefix)
        self.add_prefix(prefix, key, site, admins)
        for enterprise, own in enterprises.items():
            self.add_prefix(enterprise, own, site, (*node_administrators(enterprise), *admins))

    async def follow(
        self, prefix: bytes, enterprise: bytes, site: Site, *, keep_secret: bool
    ) -> None:
        """Bring what was made before up to date with secret and site of today."""
        if not keep_secret:
            await self.replace_secret(prefix, enterprise)
        await self.refresh_sites(prefix, site)
        try:
            await self.submit()
        except RegisterShort as error:
            # A full disk is no reason not to answer; the next start finds the same differences.
            _log.warning("prefix handles are left as they were: %s", error)

    async def site(self, handle: bytes, fresh: Site) -> Site:
        """Return the site record of today, with a new serial number if it differs from the stored one."""
        stored = await self._stored_site(handle)
        if stored is None:
            return fresh
        if replace(stored, serial=1) == fresh:
            return stored
        return replace(fresh, serial=stored.serial % 0x7FFF + 1)

    def add_prefix(
        self, prefix: bytes, key: RSAPrivateKey, site: Site, administrators: tuple[Identity, ...]
    ) -> None:
        """Make the prefix handle of a prefix."""
        handle = names.prefix_handle(prefix)
        members = [Member(admin.handle, admin.index) for admin in administrators]
        packed = [
            self._value(SITE_INDEX, _SITE_TYPE, encode_site(site)),
            self._value(
                ADMIN_INDEX, b"HS_ADMIN", encode_admin(AdminValue(Right.ALL, handle, GROUP_INDEX))
            ),
            self._value(GROUP_INDEX, b"HS_VLIST", encode_vlist(members)),
            self._value(PUBLIC_KEY_INDEX, b"HS_PUBKEY", encode_public_key(key.public_key())),
            self._secret_key(),
        ]
        self._changes.append(Create(handle, values.join(packed)))

    async def replace_secret(self, prefix: bytes, enterprise: bytes) -> None:
        """Put the secret into the node's prefix handle, and into the enterprise's if it shared the old one."""
        (former,) = await self._data(SECRET_KEY_INDEX, names.prefix_handle(prefix))
        if former is None or former == self._secret:
            return
        handles = names.prefix_handle(prefix), names.prefix_handle(enterprise)
        for handle, data in zip(handles, await self._data(SECRET_KEY_INDEX, *handles), strict=True):
            if data == former:
                self._changes.append(ModifyValues(handle, values.join([self._secret_key()])))

    async def refresh_sites(self, prefix: bytes, site: Site) -> None:
        """Put the site record into the node's prefix handle, and wherever the former one stands."""
        own = names.prefix_handle(prefix)
        (former,) = await self._data(SITE_INDEX, own)
        today = encode_site(site)
        if former == today:
            return
        value = values.join([self._value(SITE_INDEX, _SITE_TYPE, today)])
        if former is None:
            self._changes.append(AddValues(own, value))
            return
        after: bytes | None = b""
        while after is not None:
            page = await self._register.page(PREFIX_OF_PREFIXES, after=after, limit=_PAGE)
            found = await self._data(SITE_INDEX, *page.handles)
            for handle, data in zip(page.handles, found, strict=True):
                if data == former:
                    self._changes.append(ModifyValues(handle, value))
            after = page.after

    async def submit(self) -> None:
        """Have the register carry out the changes.

        Raises:
            RegistryError: It refused one, or takes no writes.

        """
        for start in range(0, len(self._changes), BATCH_ITEMS_MAX):
            for outcome in await self._register.submit(
                self._changes[start : start + BATCH_ITEMS_MAX]
            ):
                if isinstance(outcome, RegistryError):
                    raise outcome

    def _secret_key(self) -> bytes:
        return self._value(SECRET_KEY_INDEX, b"HS_SECKEY", self._secret, _PRIVATE)

    def _value(
        self, index: int, value_type: bytes, data: bytes, permissions: int = _PUBLIC
    ) -> bytes:
        return values.pack_value(
            index, value_type, data, timestamp=self._now, permissions=permissions
        )

    async def _stored_site(self, handle: bytes) -> Site | None:
        (data,) = await self._data(SITE_INDEX, handle)
        try:
            return None if data is None else decode_site(data)
        except ProtocolError:
            return None

    async def _data(self, index: int, *handles: bytes) -> list[bytes | None]:
        """Return the data at an index of each record, None where there is none."""
        found: list[bytes | None] = []
        for start in range(0, len(handles), _SLICE_HANDLES):
            some = handles[start : start + _SLICE_HANDLES]
            stored = await fetched(partial(together, self._register.lookup, some))
            found += [None if each is None else _data_at(each.values, index) for each in stored]
        return found


def _site_of(key: RSAPrivateKey, addresses: Addresses) -> Site:
    """Return the site record of a node that is alone."""
    server = Server(
        server_id=1,
        address=pack_address(addresses.host),
        public_key=encode_public_key(key.public_key()),
        interfaces=(
            # TCP first: ID-SDK moves everything to the first interface's protocol.
            Interface(InterfaceType.BOTH, Transport.TCP, addresses.tcp_port),
            Interface(InterfaceType.QUERY, Transport.UDP, addresses.udp_port),
            *_web(addresses.http_port),
        ),
    )
    return Site(serial=1, servers=(server,), attributes=addresses.attributes)


def _web(port: int | None) -> list[Interface]:
    return [] if port is None else [Interface(InterfaceType.QUERY, Transport.HTTP, port)]


def _data_at(packed: bytes, index: int) -> bytes | None:
    for span in values.spans(packed):
        if span.index == index:
            return values.data_of(packed, span)
    return None
