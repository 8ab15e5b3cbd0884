"""Delegations: what a prefix handle says about all the prefixes below its prefix (handle-protocol.md §5.1 and §9).

``0.NA/88.950`` delegates every prefix below ``88.950`` by its HS_SITE.PREFIX, HS_SERV.PREFIX or HS_NA_DELEGATE values; so
it does by its HS_SITE values if these name only other servers. A question about a prefix below is referred by the
longest prefix that delegates.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from idnode.registry.handle import values

if TYPE_CHECKING:
    from collections.abc import Mapping

DELEGATION_TYPES: Final = (b"HS_SITE.PREFIX", b"HS_SERV.PREFIX", b"HS_NA_DELEGATE")

_OF_PREFIXES: Final = {"HS_SITE": "HS_SITE.PREFIX", "HS_SITE.6": "HS_SITE.PREFIX"}
_OF_HANDLES: Final = {
    "HS_SITE.PREFIX": "HS_SITE",
    "HS_NA_DELEGATE": "HS_SITE",
    "HS_SERV.PREFIX": "HS_SERV",
}


class Delegation(NamedTuple):
    """Holds the packed values that refer what lies below a prefix.

    ``of_prefixes`` go with code 303 to who asks for a prefix handle, ``of_handles`` with code 302 to who asks for
    another: the same sites, under the types that clients look for with each code.
    """

    of_prefixes: bytes
    of_handles: bytes


def delegation_in(packed: bytes, elsewhere: bytes | None) -> Delegation | None:
    """Return what the values of a prefix handle delegate, if anything that everybody may read.

    ``elsewhere`` are its HS_SITE values if they name only other servers.
    """
    delegating = values.select(packed, types=DELEGATION_TYPES)
    if delegating == values.EMPTY:
        if elsewhere is None:
            return None
        return Delegation(_retyped(elsewhere, _OF_PREFIXES), elsewhere)
    return Delegation(delegating, _retyped(delegating, _OF_HANDLES))


def nearest_delegation(
    prefix: bytes, delegated: Mapping[bytes, Delegation], homed: set[bytes]
) -> Delegation | None:
    """Return the delegation by the longest prefix above a folded one.

    None when there is none, and when a prefix that lives here and delegates nothing comes first: below it, what
    is not here does not exist.
    """
    above = prefix.rpartition(b".")[0]
    while above:
        found = delegated.get(above)
        if found is not None or above in homed:
            return found
        above = above.rpartition(b".")[0]
    return None


def _retyped(packed: bytes, types: Mapping[str, str]) -> bytes:
    """Return the values, under other types where there are some for them."""
    return values.pack(
        replace(value, type=types.get(value.type.upper(), value.type))
        for value in values.unpack(packed)
    )
