"""Looks records up for public resolution, which may be given an older one: from a near cache, or from replicas.

Nothing here answers who may do what, and nothing that is to be changed is read here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from idnode.registry.fetching import FetchedRecords
from idnode.registry.handle.names import fold
from idnode.registry.postgres.near import NearCache
from idnode.registry.postgres.replica import OwnWrites, Replica
from idnode.registry.register import Stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idnode.registry.handle.errors import RegistryError
    from idnode.registry.postgres.address import Address
    from idnode.registry.postgres.connections import Connections
    from idnode.registry.postgres.reader import Found, Reader


@dataclass(frozen=True, slots=True)
class PublicReading:
    """Says what public resolution may be answered from.

    ``near_seconds`` is how long a record may be kept (0: not at all). ``replicas`` are servers that may be asked as
    long as they are not more than ``stale_max`` seconds behind.
    """

    near_seconds: float = 0.0
    replicas: Address | None = None
    stale_max: float = 2.0


class PublicRecords:
    """The records that public resolution sees. What this node has written is seen at once."""

    def __init__(self, reading: PublicReading, primary: Connections, reader: Reader) -> None:
        loop = asyncio.get_running_loop()
        self._primary = reader
        self._near = NearCache(reading.near_seconds, loop.time) if reading.near_seconds else None
        self._replicas = [
            Replica(address, primary, reading.stale_max)
            for address in (reading.replicas.each() if reading.replicas else ())
        ]
        self._writes = OwnWrites(reading.stale_max, loop.time)
        self._turn = 0
        self._records = FetchedRecords(self.prefetch)

    def lookup(self, handle: bytes) -> Stored | None:
        """Return the record of a handle in any spelling, None when there is none; see `Register.lookup`.

        Raises:
            NotFetched: Nothing that is young enough is here.
            RegistryError: It could not be fetched.

        """
        if self._near is not None:
            stored = self._near.get(fold(handle))
            if stored is not None:
                return stored
        return self._records.lookup(handle)

    async def prefetch(self, handles: Sequence[bytes]) -> None:
        """Have `lookup` answer for these handles in this task."""
        keys = list(dict.fromkeys(map(fold, handles)))
        age = self._records.age
        moment = None if self._near is None else self._near.begin()
        found = await self._fetched(keys)
        if self._near is not None and moment is not None:
            self._near.keep(found, moment)
        self._records.keep({key: found.get(key) for key in keys}, age)

    async def _fetched(self, keys: list[bytes]) -> Found:
        """Ask a replica; the primary for what that does not have, may not have yet, or does not answer in time."""
        replica = self._chosen()
        if replica is None:
            return await self._primary.fetch(keys)
        moment = replica.caught_up
        old = self._writes.before(moment, keys)
        told = await replica.reader.fetch(old) if old else {}
        if not replica.young(moment):
            told = {}
        found: dict[bytes, Stored | RegistryError | None]
        found = {key: stored for key, stored in told.items() if isinstance(stored, Stored)}
        rest = [key for key in keys if key not in found]
        if rest:
            found |= await self._primary.fetch(rest)
        return found

    def _chosen(self) -> Replica | None:
        fit = [replica for replica in self._replicas if replica.fit]
        self._turn += 1
        return fit[self._turn % len(fit)] if fit else None

    def wrote(self, handles: Sequence[bytes]) -> None:
        """Note that this node has written handles, or may have."""
        keys = list(map(fold, handles))
        if self._near is not None:
            self._near.forget(keys)
        if self._replicas:
            self._writes.note(keys)
        self._records.forget(handles)

    def figures(self) -> dict[str, float]:
        """Return the figures of what is in use."""
        found: dict[str, float] = {}
        if self._near is not None:
            found["near_cache_records"] = len(self._near)
            found["near_cache_bytes"] = self._near.bytes
            found["near_cache_answers"] = self._near.answers
            found["near_cache_fills"] = self._near.fills
        if self._replicas:
            found["replicas_fit"] = sum(replica.fit for replica in self._replicas)
            found["replica_questions"] = sum(each.reader.questions for each in self._replicas)
            found["replica_records"] = sum(each.reader.keys for each in self._replicas)
        return found

    async def close(self) -> None:
        """Let the replicas go."""
        await asyncio.gather(*(replica.close() for replica in self._replicas))
