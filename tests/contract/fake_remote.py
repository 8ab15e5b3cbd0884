"""A register whose records are elsewhere, for tests: an embedded one, as if behind a slow and unsure network.

It is the same to the service as any engine that has to ask another machine. `lookup` raises `NotFetched` for what its
task has not fetched; answers come in later turns of the loop; nothing native and no whole batches. The records of
``unreachable`` (folded) cannot be had, and while ``busy`` nothing is taken.
"""

import asyncio

from idnode.registry import engines
from idnode.registry.errors import RegisterBusy, RegisterUnavailable
from idnode.registry.fetching import FetchedRecords
from idnode.registry.handle.names import fold
from idnode.registry.register import Capabilities

TURNS = 3
"""Turns of the event loop that an answer takes."""


class FakeRemoteRegister:
    """The register over another one; ``fetches`` counts the questions, ``submitted`` holds the mutations taken."""

    def __init__(self, inner):
        self.inner = inner
        self.capabilities = Capabilities()
        self.fetches = 0
        self.submitted = []
        self.unreachable = set()
        self.busy = False
        self._watchers = []
        self._records = FetchedRecords(self.prefetch)
        self.lookup = self._records.lookup
        inner.watch(self._changed)

    async def prefetch(self, handles):
        age = self._records.age
        self.fetches += 1
        await self._answer()
        self._records.keep({fold(handle): self._outcome(fold(handle)) for handle in handles}, age)

    def _outcome(self, key):
        if key in self.unreachable:
            return RegisterUnavailable("The register cannot be reached")
        return self.inner.lookup(key)

    async def submit(self, mutations, *, all_or_nothing=False):
        await self._answer()
        if self.busy:
            raise RegisterBusy("The write queue is full")
        self.submitted += mutations
        outcomes = await self.inner.submit(mutations, all_or_nothing=all_or_nothing)
        self._records.forget([mutation.handle for mutation in mutations])
        return outcomes

    async def page(self, prefix, *, after=b"", limit=1000):
        await self._answer()
        return await self.inner.page(prefix, after=after, limit=limit)

    async def count(self, prefix):
        await self._answer()
        return await self.inner.count(prefix)

    def watch(self, callback):
        self._watchers.append(callback)

    def _changed(self, key):
        self._records.changed(key, self.inner.lookup(key), self._watchers)

    def stats(self):
        return self.inner.stats()._replace(figures={"fetches": self.fetches}, opened={})

    async def close(self):
        await self.inner.close()

    @staticmethod
    async def _answer():
        for _ in range(TURNS):
            await asyncio.sleep(0)


async def open_fake(_register, opening):
    """Open it, as `registry/engines.py` opens an engine."""
    inner = await engines.open_register(engines.DEFAULT, opening)
    return FakeRemoteRegister(inner)
