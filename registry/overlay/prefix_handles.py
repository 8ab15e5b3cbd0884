"""The prefix handles ``0.NA/<prefix>`` of a data set: computed like its identifiers, stored nowhere.

They have the form that clients count on (see `registry/handle/prefix_record.py`): HS_SITE at 1, HS_ADMIN at 100 pointing to the HS_VLIST at
200, which names the prefix itself and the node's administrators, HS_PUBKEY at 300 and HS_SECKEY at 301 as the node
has them; and the name of whom the prefix belongs to, as DESC at 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from idnode.registry.handle import names, values
from idnode.registry.handle.prefix_record import (
    ADMIN_INDEX,
    GROUP_INDEX,
    PUBLIC_KEY_INDEX,
    SECRET_KEY_INDEX,
    SITE_INDEX,
)
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin
from idnode.registry.handle.types.hs_vlist import Member, encode_vlist

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME_INDEX: Final = 2

_PUBLIC: Final = 0x0E
_PRIVATE: Final = 0x0C


class Titles(Protocol):
    """Names whom prefixes belong to."""

    def prefixes(self) -> Sequence[bytes]:
        """Return all prefixes, ascending by their bytes."""

    def title(self, prefix: bytes, /) -> str | None:
        """Return the name of whom a prefix belongs to."""


class ComputedPrefixHandles:
    """The prefix handles of a data set, by position.

    Site, public key and secret are the node's; until `publish` they are left out. ``timestamp`` is epoch seconds.
    """

    def __init__(self, titles: Titles, node_prefix: bytes, timestamp: int) -> None:
        # The node's own is written: its first start makes it.
        self._prefixes = [prefix for prefix in titles.prefixes() if prefix != node_prefix]
        self._titles = titles
        self._positions = {prefix: number for number, prefix in enumerate(self._prefixes)}
        self._admins = [
            Member(names.prefix_handle(node_prefix), index)
            for index in (SECRET_KEY_INDEX, PUBLIC_KEY_INDEX)
        ]
        self._timestamp = timestamp
        self._site = b""
        self._keys: tuple[bytes, ...] = ()

    @property
    def count(self) -> int:
        """Return how many there are."""
        return len(self._prefixes)

    def publish(self, *, site: bytes, public_key: bytes, secret: bytes) -> None:
        """Put these into every prefix handle from now on."""
        self._site = self._value(SITE_INDEX, b"HS_SITE", site)
        self._keys = (
            self._value(PUBLIC_KEY_INDEX, b"HS_PUBKEY", public_key),
            self._value(SECRET_KEY_INDEX, b"HS_SECKEY", secret, _PRIVATE),
        )

    def handle(self, position: int) -> bytes:
        """Return the prefix handle at a position."""
        return names.prefix_handle(self._prefixes[position])

    def position(self, suffix: bytes) -> int:
        """Return the position of a prefix, -1 when the data set has no such prefix."""
        return self._positions.get(suffix, -1)

    def values(self, position: int) -> bytes:
        """Return the packed values at a position."""
        prefix = self._prefixes[position]
        handle = names.prefix_handle(prefix)
        admin = AdminValue(Right.ALL, handle, GROUP_INDEX)
        group = [
            Member(handle, SECRET_KEY_INDEX),
            Member(handle, PUBLIC_KEY_INDEX),
            *self._admins,
        ]
        title = self._titles.title(prefix) or ""
        return values.join(
            [
                *([self._site] if self._site else []),
                self._value(NAME_INDEX, b"DESC", title.encode()),
                self._value(ADMIN_INDEX, b"HS_ADMIN", encode_admin(admin)),
                self._value(GROUP_INDEX, b"HS_VLIST", encode_vlist(group)),
                *self._keys,
            ]
        )

    def _value(
        self, index: int, value_type: bytes, data: bytes, permissions: int = _PUBLIC
    ) -> bytes:
        return values.pack_value(
            index, value_type, data, timestamp=self._timestamp, permissions=permissions
        )
