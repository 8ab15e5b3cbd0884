"""What a node finds, or lays, in its register at each start: its own prefix and a demo enterprise's.

A prefix handle follows the convention that clients count on: HS_SITE at 1, HS_ADMIN at 100 pointing to index
200, HS_VLIST at 200 naming the administrators, HS_PUBKEY at 300, HS_SECKEY at 301, which only administrators
may read. Both prefix handles are made at the first start only; what somebody changed later stays. The site
record follows the addresses that are bound, in every prefix handle that names this node.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from idnode.node.first_start.key_pairs import load_or_make
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.handle import names, values
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.model import HandleValue
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
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from idnode.node.service.identifiers.authority import Authority
    from idnode.registry.handle.clock import Clock
    from idnode.registry.mutation import Mutation
    from idnode.registry.register import Register

SITE_INDEX: Final = 1
ADMIN_INDEX: Final = 100
GROUP_INDEX: Final = 200
PUBLIC_KEY_INDEX: Final = 300
SECRET_KEY_INDEX: Final = 301

ENTERPRISE_SUFFIX: Final = b".1"
"""What the demo enterprise's prefix has behind the node's."""

_PUBLIC: Final = 0x0E
_PRIVATE: Final = 0x0C
_SITE_TYPE: Final = b"HS_SITE"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where clients reach the node: ``host`` is the IP address they are told, ports are the bound ones."""

    host: str
    tcp_port: int
    udp_port: int


@dataclass(frozen=True, slots=True)
class NodeSite:
    """The node's site record as sent, its serial number, and the key behind the public key in it."""

    site: bytes
    site_serial: int
    signing_key: RSAPrivateKey


def node_administrators(prefix: bytes) -> tuple[Identity, ...]:
    """Return the identities that administer a node: secret key and public key of its prefix handle."""
    handle = names.prefix_handle(prefix)
    return (Identity(handle, SECRET_KEY_INDEX), Identity(handle, PUBLIC_KEY_INDEX))


def administrators_of(prefix: bytes) -> HandleValue:
    """Return the HS_ADMIN value by which the administrators of a prefix administer a record."""
    admin = AdminValue(Right.ALL, names.prefix_handle(prefix), GROUP_INDEX)
    return HandleValue(ADMIN_INDEX, "HS_ADMIN", encode_admin(admin))


async def prepare_prefixes(  # noqa: PLR0913  # called once, by the composition root
    register: Register,
    authority: Authority,
    clock: Clock,
    *,
    keys: Path,
    prefix: bytes,
    secret: bytes,
    addresses: Addresses,
    keep_secret: bool = False,
) -> NodeSite:
    """Make sure that the register holds what a node needs, and return what the node tells clients.

    ``secret`` is the administrators' secret at first start. At later ones it replaces the stored one, also
    of a demo enterprise that still has the same, unless ``keep_secret``: then the stored one stays.

    Raises:
        KeyFileUnusable: A key file holds something else.
        RegistryError: The register took no writes.
        OSError: The keys cannot be read or written.

    """
    changes = _PrefixChanges(register, int(clock.now()), secret)
    enterprise = prefix + ENTERPRISE_SUFFIX
    key = await asyncio.to_thread(load_or_make, keys, prefix.decode())
    site = changes.site(names.prefix_handle(prefix), key, addresses)
    if register.lookup(names.prefix_handle(prefix)) is None:
        enterprise_key = await asyncio.to_thread(load_or_make, keys, enterprise.decode())
        admins = node_administrators(prefix)
        changes.add_prefix(prefix, key, site, admins)
        changes.add_prefix(
            enterprise, enterprise_key, site, (*node_administrators(enterprise), *admins)
        )
    else:
        if not keep_secret:
            changes.replace_secret(prefix, enterprise)
        changes.refresh_sites(authority, prefix, site)
    await changes.submit()
    return NodeSite(encode_site(site), site.serial, key)


class _PrefixChanges:
    """The changes that this start makes."""

    def __init__(self, register: Register, now: int, secret: bytes) -> None:
        self._register = register
        self._now = now
        self._secret = secret
        self._changes: list[Mutation] = []

    def site(self, handle: bytes, key: RSAPrivateKey, addresses: Addresses) -> Site:
        """Return the site record of today, with a new serial number if it differs from the stored one."""
        fresh = Site(
            serial=1,
            servers=(
                Server(
                    server_id=1,
                    address=pack_address(addresses.host),
                    public_key=encode_public_key(key.public_key()),
                    interfaces=(
                        # TCP first: ID-SDK moves everything to the first interface's protocol.
                        Interface(InterfaceType.BOTH, Transport.TCP, addresses.tcp_port),
                        Interface(InterfaceType.QUERY, Transport.UDP, addresses.udp_port),
                    ),
                ),
            ),
            attributes=((b"desc", b"idnode"),),
        )
        stored = self._stored_site(handle)
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

    def replace_secret(self, prefix: bytes, enterprise: bytes) -> None:
        """Put the secret into the node's prefix handle, and into the enterprise's if it shared the old one."""
        former = self._data(names.prefix_handle(prefix), SECRET_KEY_INDEX)
        if former is None or former == self._secret:
            return
        for handle in (names.prefix_handle(prefix), names.prefix_handle(enterprise)):
            if self._data(handle, SECRET_KEY_INDEX) == former:
                self._changes.append(ModifyValues(handle, values.join([self._secret_key()])))

    def refresh_sites(self, authority: Authority, prefix: bytes, site: Site) -> None:
        """Put the site record into the node's prefix handle, and wherever the former one stands."""
        own = names.prefix_handle(prefix)
        former = self._data(own, SITE_INDEX)
        today = encode_site(site)
        if former == today:
            return
        value = values.join([self._value(SITE_INDEX, _SITE_TYPE, today)])
        if former is None:
            self._changes.append(AddValues(own, value))
            return
        for homed in sorted(authority.homed):
            handle = names.prefix_handle(homed)
            if self._data(handle, SITE_INDEX) == former:
                self._changes.append(ModifyValues(handle, value))

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

    def _stored_site(self, handle: bytes) -> Site | None:
        data = self._data(handle, SITE_INDEX)
        try:
            return None if data is None else decode_site(data)
        except ProtocolError:
            return None

    def _data(self, handle: bytes, index: int) -> bytes | None:
        stored = self._register.lookup(handle)
        if stored is None:
            return None
        packed = stored.values
        for span in values.spans(packed):
            if span.index == index:
                return values.data_of(packed, span)
        return None
