"""Names which prefixes live on this node, and where to send those who ask for others.

A prefix lives here while its prefix handle ``0.NA/<prefix>`` is in the register and carries an HS_ADMIN value
(somebody administers it here), unless an administrator decided otherwise by homing or unhoming it. The set of
such prefixes is kept in memory, current through the register's watch, because every request asks it; decisions
are kept in the register, below a prefix of the node's own.

A prefix handle may also say that others answer: its HS_SITE values may name only an enterprise's own server,
or several servers among which handles are spread by their hash (`node/service/identifiers/sites.py`).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from idnode.node.service.errors import NotResponsible, PrefixReferral, ServiceReferral
from idnode.node.service.identifiers.delegation import (
    DELEGATION_TYPES,
    delegation_in,
    nearest_delegation,
)
from idnode.node.service.identifiers.namespaces import Namespaces, namespace_in
from idnode.node.service.identifiers.sites import Placement, placement_of
from idnode.registry.errors import HandleNotFound
from idnode.registry.fetching import NotFetched, fetched, together
from idnode.registry.handle import names, values
from idnode.registry.handle.errors import RegistryError
from idnode.registry.mutation import Create

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from idnode.node.service.identifiers.delegation import Delegation
    from idnode.registry.handle.types.hs_site import Server
    from idnode.registry.register import Register


_START: Final = names.PREFIX_HANDLE_START
_PAGE: Final = 1000
_SITE_TYPES: Final = (b"HS_SITE", b"HS_SITE.6")
_OWN_PREFIX: Final = b"0.SITE"
_DECISION_START: Final = b"0.SITE/HOMED/"
_DECISION_TYPE: Final = b"HOMED"


class Authority:
    """The prefixes of this node. Made by `open`.

    ``server`` is the node as site records name it; without one every prefix known here is answered here.
    """

    def __init__(self, register: Register, server: Server | None = None) -> None:
        self._register = register
        self._server = server
        self.homed: set[bytes] = set()
        """Folded prefixes that live here; the same set for the life of the node."""
        self.whole: set[bytes] = set()
        """Those of them every handle of which is answered here; the same set as long, read by the hot path."""
        self.placed: dict[bytes, Placement] = {}
        """Folded prefixes that are known here, and not every handle of which is answered here."""
        self.delegated: dict[bytes, Delegation] = {}
        """Folded prefixes below which others answer for what is not here."""
        self.namespaces = Namespaces()
        """What prefix handles say about all handles of their prefixes."""
        self._decisions: dict[bytes, bool] = {}
        self._counted: dict[bytes, int] = {}
        """Identifiers of prefixes whose prefix handle is being judged."""
        self._watchers: list[Callable[[], None]] = []
        self._judged: tuple[bytes, Placement | None] = (values.EMPTY, None)

    @classmethod
    async def open(cls, register: Register, server: Server | None = None) -> Authority:
        """Return the prefixes that a register says live here, and follow its changes.

        Raises:
            RegistryError: The register cannot be read.

        """
        authority = cls(register, server)
        await authority._read(_OWN_PREFIX, authority._load_decision)
        # Before the prefix handles are read, so that no change of one falls between.
        register.watch(authority._refresh)
        await authority._read(names.PREFIX_OF_PREFIXES, authority._refresh)
        decided = [_START + prefix for prefix in authority._decisions]
        await fetched(lambda: together(authority._refresh, decided))
        return authority

    async def read_anew(self) -> None:
        """Take in decisions, and the prefix handles that they are about, after the register was restored.

        Raises:
            RegistryError: The register cannot be read.

        """
        former, self._decisions = self._decisions, {}
        await self._read(_OWN_PREFIX, self._load_decision)
        decided = [_START + prefix for prefix in former | self._decisions]
        await fetched(lambda: together(self._refresh, decided))

    async def _read(self, prefix: bytes, take: Callable[[bytes], None]) -> None:
        """Have ``take`` look up each handle of a prefix, folded."""
        after: bytes | None = b""
        while after is not None:
            page = await self._register.page(prefix, after=after, limit=_PAGE)
            await fetched(partial(together, take, [names.fold(handle) for handle in page.handles]))
            after = page.after

    def _load_decision(self, folded: bytes) -> None:
        stored = self._register.lookup(folded)
        if stored is None or not folded.startswith(_DECISION_START):
            return
        packed = stored.values
        data = [values.data_of(packed, span) for span in values.spans(packed)]
        self._decisions[folded[len(_DECISION_START) :]] = data == [b"1"]

    def _refresh(self, folded: bytes) -> None:
        prefix = folded[len(_START) :]
        stored = self._register.lookup(folded)
        packed = values.EMPTY if stored is None else stored.values
        # Most prefix handles say nothing but who administers them and that they are here: one pass tells.
        types = {span.type.upper() for span in values.spans(packed)}
        lives_here = self._decisions.get(prefix, b"HS_ADMIN" in types)
        placement = None
        if self._server is not None and types.intersection(_SITE_TYPES):
            placement = self._placement_of(values.select(packed, types=_SITE_TYPES), self._server)
            if placement is not None and not (lives_here or placement.elsewhere):
                placement = None
        elsewhere = placement.sites if placement is not None and placement.elsewhere else None
        delegation = None
        if elsewhere is not None or types.intersection(DELEGATION_TYPES):
            delegation = delegation_in(packed, elsewhere)
        if delegation is None:
            self.delegated.pop(prefix, None)
        else:
            self.delegated[prefix] = delegation
        named = namespace_in(packed, folded) if b"HS_NAMESPACE" in types else None
        renamed = self.namespaces.refresh(prefix, named)
        settled = lives_here == (prefix in self.homed) and placement == self.placed.get(prefix)
        if settled and not renamed:
            return
        if lives_here:
            self.homed.add(prefix)
        else:
            self.homed.discard(prefix)
        if placement is None:
            self.placed.pop(prefix, None)
        else:
            self.placed[prefix] = placement
        if lives_here and placement is None:
            self.whole.add(prefix)
        else:
            self.whole.discard(prefix)
        for callback in self._watchers:
            callback()

    def _placement_of(self, sites: bytes, server: Server) -> Placement | None:
        """Return where the handles of a prefix with these sites are; most prefixes of a node have the same ones."""
        if sites != self._judged[0]:
            self._judged = sites, placement_of(sites, server)
        return self._judged[1]

    def watch(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called after each change of the prefixes that live here."""
        self._watchers.append(callback)

    async def decide(self, prefix: bytes, *, here: bool) -> None:
        """Have a folded prefix live here or not, whatever its prefix handle says, also after a restart.

        Raises:
            RegistryError: The register took no writes.

        """
        data = b"1" if here else b"0"
        value = values.pack_value(1, _DECISION_TYPE, data, timestamp=0, permissions=0x0C)
        record = Create(_DECISION_START + prefix, values.join([value]), overwrite=True)
        (outcome,) = await self._register.submit((record,))
        if isinstance(outcome, RegistryError):
            raise outcome
        self._decisions[prefix] = here
        await fetched(partial(self._refresh, _START + prefix))

    def prefixes(self) -> list[bytes]:
        """Return the folded prefixes that live here, ascending."""
        return sorted(self.homed)

    def responsible(self, prefix: bytes) -> bool:
        """Return whether a prefix, in any spelling, lives here."""
        return names.fold(prefix) in self.homed

    def answers(self, handle: bytes) -> bool:
        """Return whether a complete handle is answered here, whether or not there is a record of it.

        What is stored here of a prefix that moved to another server rests, and is that server's to answer.
        """
        folded = names.fold(handle)
        prefix = names.prefix_of(folded)
        if prefix not in self.homed:
            return False
        placement = self.placed.get(prefix)
        return placement is None or placement.is_here(folded)

    def home_of(self, handle: bytes) -> bytes:
        """Return the folded prefix whose administrators decide about a complete handle.

        That is the handle's own prefix; for a prefix handle the prefix itself, or the nearest one above it
        that lives here.

        Raises:
            NotResponsible: No such prefix lives here, or the handle's own is answered for elsewhere.

        """
        folded = names.fold(handle)
        prefix = names.prefix_of(folded)
        if prefix == names.PREFIX_OF_PREFIXES:
            prefix = folded[len(_START) :]
            while prefix and prefix not in self.homed:
                prefix = prefix.rpartition(b".")[0]
        elif prefix in self.placed and not self.placed[prefix].is_here(folded):
            raise NotResponsible
        if prefix not in self.homed:
            raise NotResponsible
        return prefix

    def orphans(self, handle: bytes, remaining: Iterable[bytes]) -> bool:
        """Return whether identifiers would lose their home if a prefix handle kept values of these types only."""
        folded = names.fold(handle)
        prefix = folded[len(_START) :]
        if not folded.startswith(_START) or prefix not in self.homed or prefix in self._decisions:
            return False
        if any(each.upper() == b"HS_ADMIN" for each in remaining):
            return False
        counted = self._counted.pop(prefix, None)
        if counted is None:
            raise NotFetched((handle,), self._count_below)
        return counted > 0

    async def _count_below(self, prefix_handles: Sequence[bytes]) -> None:
        """Count the identifiers of these prefixes, for one judgement each."""
        for handle in prefix_handles:
            prefix = names.fold(handle)[len(_START) :]
            self._counted[prefix] = await self._register.count(prefix)

    def absence(
        self, handle: bytes, *, refer: bool = True
    ) -> HandleNotFound | NotResponsible | PrefixReferral | ServiceReferral:
        """Return why a complete handle cannot be answered: elsewhere, or for want of a record.

        A handle of a prefix that an enterprise's own server answers for is referred to that. What lies below a
        prefix that delegates is referred by the longest such prefix, prefix handles with a code of their own,
        unless ``refer`` is false (handle-protocol.md §5.1).

        Raises:
            NotResponsible: The handle belongs to no prefix that is known here.

        """
        folded = names.fold(handle)
        prefix = names.prefix_of(folded)
        if prefix == names.PREFIX_OF_PREFIXES:
            return self._prefix_absence(folded, refer=refer)
        placement = self.placed.get(prefix)
        if placement is None or placement.is_here(folded):
            if refer and prefix not in self.homed:
                delegation = nearest_delegation(prefix, self.delegated, self.homed)
                if delegation is not None:
                    return ServiceReferral(delegation.of_handles)
            self.home_of(handle)
            return HandleNotFound()
        if refer and placement.elsewhere:
            return ServiceReferral(placement.sites)
        return NotResponsible()

    def _prefix_absence(self, folded: bytes, *, refer: bool) -> HandleNotFound | PrefixReferral:
        """Return why there is no such prefix handle; where all prefixes live here, it is just not found."""
        prefix = folded[len(_START) :]
        delegation = nearest_delegation(prefix, self.delegated, self.homed) if refer else None
        if delegation is not None:
            return PrefixReferral(delegation.of_prefixes)
        if names.PREFIX_OF_PREFIXES not in self.homed:
            self.home_of(folded)
        return HandleNotFound()
