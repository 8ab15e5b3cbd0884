"""Finding identifiers by what their values say: the reverse of resolution.

There is no index: each search reads the records of all prefixes whose handles the asker may list, a page at a
time, between other requests. So it costs writes and memory nothing, and a search time in proportion to the
register; one runs at a time, and none reads more than `SEARCHED_MAX` records.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from idnode.node.service.errors import AuthenticationNeeded, InvalidAdministrator, NodeBusy
from idnode.registry.fetching import fetched, together
from idnode.registry.handle import names
from idnode.registry.handle.model import Permission
from idnode.registry.handle.types.hs_admin import Right
from idnode.registry.handle.values import data_of, spans

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from idnode.node.service.identifiers.authority import Authority
    from idnode.node.service.identifiers.credentials import Identity
    from idnode.node.service.identifiers.permissions import Permissions
    from idnode.registry.register import Register

SEARCHED_MAX: Final = 1_000_000
"""Most records that one search reads: about 20 seconds of an otherwise idle node."""

WAITING_MAX: Final = 8
"""Most searches that wait for another to end."""

_PAGE_HANDLES: Final = 200
"""Records read between two turns of the event loop: about four milliseconds of work."""


class SearchTooLarge(Exception):
    """The asker's prefixes hold more records than one search reads."""

    def __init__(self) -> None:
        super().__init__(f"A search reads at most {SEARCHED_MAX} records")


class Pattern:
    """A text that values are compared with, in which ``*`` stands for anything; letters' case does not matter."""

    __slots__ = ("_between", "_exact", "_first", "_last")

    def __init__(self, text: str) -> None:
        self._first, *rest = text.casefold().split("*")
        self._exact = not rest
        *self._between, self._last = rest or [""]

    def matches(self, text: str) -> bool:
        """Return whether a text is of this pattern; takes time in proportion to its length."""
        text = text.casefold()
        if self._exact:
            return text == self._first
        at, end = len(self._first), len(text) - len(self._last)
        if at > end or not text.startswith(self._first) or not text.endswith(self._last):
            return False
        for part in self._between:
            found = text.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value that a record must have: its type, in any case, and the pattern of its text."""

    type: bytes
    pattern: Pattern


class ReverseLookup:
    """Searches the records of a register for those who may list them."""

    def __init__(self, register: Register, authority: Authority, permissions: Permissions) -> None:
        self._register = register
        self._authority = authority
        self._permissions = permissions
        self._running = asyncio.Lock()
        self._waiting = 0

    async def search(
        self, identity: Identity | None, wanted: Sequence[Wanted], *, skip: int, limit: int
    ) -> list[bytes]:
        """Return the handles of the records that have all these values, readable by everybody, in order.

        Raises:
            AuthenticationNeeded: ``identity`` is None.
            InvalidAdministrator: The identity may list no prefix.
            NodeBusy: Too many searches wait.
            SearchTooLarge: There is more than a search reads.

        """
        if identity is None:
            raise AuthenticationNeeded
        prefixes = [
            prefix
            for prefix in sorted(self._authority.homed)
            if self._permissions.allows(identity, Right.LIST_HANDLES, names.prefix_handle(prefix))
        ]
        if not prefixes:
            raise InvalidAdministrator
        if self._waiting >= WAITING_MAX:
            raise NodeBusy
        self._waiting += 1
        try:
            async with self._running:
                return await self._search(prefixes, wanted, skip, limit)
        finally:
            self._waiting -= 1

    async def _search(
        self, prefixes: list[bytes], wanted: Sequence[Wanted], skip: int, limit: int
    ) -> list[bytes]:
        found: list[bytes] = []
        searched = 0
        async for page in self._pages(prefixes):
            searched += len(page)
            if searched > SEARCHED_MAX:
                raise SearchTooLarge
            is_wanted = partial(self._is_wanted, wanted=wanted)
            kept = await fetched(partial(together, is_wanted, page))
            found += [handle for handle, wants in zip(page, kept, strict=True) if wants]
            if len(found) >= skip + limit:
                break
            await asyncio.sleep(0)
        return found[skip : skip + limit]

    async def _pages(self, prefixes: list[bytes]) -> AsyncIterator[list[bytes]]:
        for prefix in prefixes:
            after: bytes | None = b""
            while after is not None:
                page = await self._register.page(prefix, after=after, limit=_PAGE_HANDLES)
                yield page.handles
                after = page.after

    def _is_wanted(self, handle: bytes, wanted: Sequence[Wanted]) -> bool:
        stored = self._register.lookup(handle)
        if stored is None:  # deleted since it was listed
            return False
        packed = stored.values
        readable = [span for span in spans(packed) if span.permissions & Permission.PUBLIC_READ]
        return all(
            any(
                span.type.upper() == each.type
                and each.pattern.matches(data_of(packed, span).decode(errors="replace"))
                for span in readable
            )
            for each in wanted
        )
