"""Delegations as a parent keeps them of its children: the prefix handle by which it refers to it (handle-protocol.md §5.1 and §9)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from idnode.registry.fetching import fetched
from idnode.registry.handle import names, values
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.prefix_record import ADMIN_INDEX, GROUP_INDEX, SITE_INDEX
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin
from idnode.registry.mutation import Create

if TYPE_CHECKING:
    from idnode.registry.register import Register

DELEGATION_INDEX: Final = 3
TITLE_INDEX: Final = 2

DELEGATION_TTL_SECONDS: Final = 300
"""How long clients may keep it: a node that comes back may be on other ports."""


async def delegate(register: Register, prefix: str, site: bytes, title: str, now: int) -> bool:
    """Have a register refer a prefix, and all below it, to a site; False if it does so already.

    Raises:
        RegistryError: The register took no writes.

    """
    found = [
        _value(SITE_INDEX, "HS_SITE", site),
        *([_value(TITLE_INDEX, "DESC", title.encode())] if title else []),
        _value(DELEGATION_INDEX, "HS_SITE.PREFIX", site),
    ]
    return await _put(register, names.prefix_handle(prefix.encode()), found, now)


async def lay_root(register: Register, prefix: str, site: bytes, now: int) -> None:
    """Make the handle of all prefixes, ``0.NA/0.NA``, at the top of a tree.

    Raises:
        RegistryError: The register took no writes.

    """
    admin = AdminValue(Right.ALL, names.prefix_handle(prefix.encode()), GROUP_INDEX)
    found = [
        _value(SITE_INDEX, "HS_SITE", site),
        _value(ADMIN_INDEX, "HS_ADMIN", encode_admin(admin)),
    ]
    await _put(register, names.prefix_handle(names.PREFIX_OF_PREFIXES), found, now)


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
