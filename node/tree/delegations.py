"""Delegations as a parent keeps them of its children: the prefix handle by which it refers to it (handle-protocol.md §5.1 and §9)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from idnode.node.tree.certificates import certificate_value, still_good
from idnode.registry.errors import HandleExists
from idnode.registry.fetching import fetched
from idnode.registry.handle import names, values
from idnode.registry.handle.certification.keys import rsa_key_in
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.prefix_record import (
    ADMIN_INDEX,
    GROUP_INDEX,
    PUBLIC_KEY_INDEX,
    SITE_INDEX,
)
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin
from idnode.registry.handle.types.hs_pubkey import encode_public_key
from idnode.registry.handle.types.hs_site import decode_site
from idnode.registry.mutation import Create

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idnode.node.tree.certificates import Issuer
    from idnode.registry.handle.certification.tokens import VerifyingKey
    from idnode.registry.register import Register

DELEGATION_INDEX: Final = 3
TITLE_INDEX: Final = 2

DELEGATION_TTL_SECONDS: Final = 300
"""How long clients may keep it: a node that comes back may be on other ports."""


async def delegate(
    register: Register, prefix: str, site: bytes, title: str, issuer: Issuer
) -> bool:
    """Have a register refer a prefix, and all below it, to a site; False if it does so already.

    The key of the site's only server is certified by ``issuer``, the node whose register it is.

    Raises:
        RegistryError: The register took no writes.

    """
    handle = names.prefix_handle(prefix.encode())
    found = [
        _value(SITE_INDEX, "HS_SITE", site),
        *([_value(TITLE_INDEX, "DESC", title.encode())] if title else []),
        _value(DELEGATION_INDEX, "HS_SITE.PREFIX", site),
    ]
    key = _key_of(site)
    if key is not None:
        found.append(_value(PUBLIC_KEY_INDEX, "HS_PUBKEY", encode_public_key(key)))
        kept = await _kept_certificate(register, handle, issuer, key)
        data = kept or issuer.certificate(prefix.encode(), key)
        found.append(certificate_value(data, DELEGATION_TTL_SECONDS))
    return await _put(register, handle, found, int(issuer.now))


async def lay_root(register: Register, site: bytes, issuer: Issuer) -> None:
    """Make the handle of all prefixes, ``0.NA/0.NA``, at the top of a tree.

    Raises:
        RegistryError: The register took no writes.

    """
    handle, key = names.prefix_handle(names.PREFIX_OF_PREFIXES), issuer.key.public_key()
    admin = AdminValue(Right.ALL, names.prefix_handle(issuer.prefix), GROUP_INDEX)
    kept = await _kept_certificate(register, handle, issuer, key)
    found = [
        _value(SITE_INDEX, "HS_SITE", site),
        _value(ADMIN_INDEX, "HS_ADMIN", encode_admin(admin)),
        _value(PUBLIC_KEY_INDEX, "HS_PUBKEY", encode_public_key(key)),
        certificate_value(kept or issuer.root_certificate(), DELEGATION_TTL_SECONDS),
    ]
    await _put(register, handle, found, int(issuer.now))


async def write_once(
    register: Register, records: Mapping[bytes, Sequence[HandleValue]], now: int
) -> None:
    """Have a register hold records, which stay as they are if they are there.

    Raises:
        RegistryError: The register took no writes.

    """
    made = [
        Create(handle, values.dated(values.pack(found), now)[0])
        for handle, found in records.items()
    ]
    for outcome in await register.submit(made):
        if isinstance(outcome, RegistryError) and not isinstance(outcome, HandleExists):
            raise outcome


async def _kept_certificate(
    register: Register, handle: bytes, issuer: Issuer, key: VerifyingKey
) -> bytes | None:
    """Return the certificate that a prefix handle has, if it is as a fresh one would be."""
    stored = await fetched(partial(register.lookup, handle))
    for value in () if stored is None else values.unpack(stored.values):
        if value.type == "HS_CERT" and still_good(value.data, issuer.who, key, issuer.now):
            return value.data
    return None


def _key_of(site: bytes) -> VerifyingKey | None:
    """Return the key of a site that has one server, if it is known; several servers have no key in common."""
    servers = decode_site(site).servers
    if len(servers) != 1 or not servers[0].public_key:
        return None
    return rsa_key_in(servers[0].public_key)


async def _put(register: Register, handle: bytes, found: list[HandleValue], now: int) -> bool:
    stored = await fetched(partial(register.lookup, handle))
    if stored is not None:
        present = [replace(value, timestamp=0) for value in values.unpack(stored.values)]
        if present == found:
            return False
    packed, _ = values.dated(values.pack(found), now)
    (outcome,) = await register.submit((Create(handle, packed, overwrite=True),))
    if isinstance(outcome, RegistryError):
        raise outcome
    return True


def _value(index: int, value_type: str, data: bytes) -> HandleValue:
    return HandleValue(index, value_type, data, ttl=DELEGATION_TTL_SECONDS)
