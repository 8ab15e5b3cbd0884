"""Describes what a register is: the contract between its engines (`registry/engines.py`) and everybody else.

A register belongs to one event loop. `Register.lookup` is a plain call that never waits, because a resolution is
to cost no more than finding its record; an engine whose records are elsewhere raises `NotFetched` and is called
again (`registry/fetching.py`). Everything else that has to ask the engine may be awaited. `tests/contract/` tells
what each engine promises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from idnode.registry.mutation import Mutation, Outcome

    Progress = Callable[[int, int], None]
    """Is called, maybe from another thread, with bytes done and in total."""


class Stored(NamedTuple):
    """A record as it is stored."""

    handle: bytes
    """As spelled when it was created."""
    values: bytes
    """The packed value list."""
    public: bool
    """Whether everybody may read every value."""


class Page(NamedTuple):
    """A part of a listing."""

    handles: list[bytes]
    """As spelled when they were created; ascending by their folded form."""
    after: bytes | None
    """Where the next page starts; ``None`` on the last one."""


class RegisterStats(NamedTuple):
    """Holds what a register says about itself."""

    identifiers: int
    figures: Mapping[str, float]
    """Further figures by names that the engine chooses, with their units: ``index_bytes``, ``queue_items`` …"""
    opened: Mapping[str, Any]
    """How the register came up, in the engine's own words."""
    unwritable: str = ""
    """Why no writes are taken now, "" when they are."""
    failed: bool = False
    """Whether none will be taken before the register is opened anew."""


class SnapshotReport(Protocol):
    """Describes what a snapshot copied."""

    @property
    def files(self) -> int:
        """Return how many files it has."""

    @property
    def bytes(self) -> int:
        """Return how many bytes they have."""


class States(Protocol):
    """Keeps what a register holds, and returns to it, while it is open; see `Capabilities`."""

    async def save(self, folder: Path, /) -> None:
        """Keep the present state in an empty (or new) folder, once what was submitted before is carried out.

        The folder lies on the file system of the register's own; the state takes no room for records of its own.

        Raises:
            FileExistsError: The folder is not empty.
            OSError: The disk refused.
            RegisterClosed: No writes are taken any more.

        """

    async def restore(self, folder: Path, /) -> None:
        """Return to a state of this register, as if nothing had been written since.

        What was submitted before is carried out, answered, and gone. Watchers hear of every prefix handle that is
        not what it was. A crash leaves either state.

        Raises:
            LogDamaged: The folder holds no state of this register.
            OSError: The disk refused.
            RegisterClosed: No writes are taken any more.

        """


class Shared(Protocol):
    """Describes what the nodes on one register have in common besides identifiers; see `Capabilities`."""

    @property
    def directory_url(self) -> str:
        """Return where their directory is, unless it is set otherwise."""

    def starting(self) -> AbstractAsyncContextManager[None]:
        """Have no other node start meanwhile.

        Raises:
            RegisterUnavailable: The others cannot be asked.

        """

    async def files(self) -> Mapping[str, bytes]:
        """Return small secret files by name, the same for all nodes.

        Raises:
            RegisterUnavailable: They cannot be had now.

        """

    async def keep(self, files: Mapping[str, bytes]) -> None:
        """Share further files; those that are shared already stay as they are.

        Raises:
            RegisterUnavailable: They cannot be kept now.

        """


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Holds what an engine can do beyond `Register`; None where it cannot.

    ``slots`` is the compiled index (`registry/embedded/native/core.pyx`) from which native code answers by itself.
    ``batches`` reads whole requests. ``snapshot`` copies the register as it is now into an empty (or new) folder,
    while everything goes on; it raises `FileExistsError` for a folder that is not empty, and `OSError`.
    ``states`` keeps and restores states. ``shared`` is what further nodes on the same register find there.
    ``public_lookup`` is a `Register.lookup` for answers to the public: it may return a record that was changed or
    deleted a moment ago, but by this node. Nothing is decided on it.
    """

    slots: Any = None
    batches: RequestRegister | None = None
    snapshot: Callable[[Path, Progress | None], Awaitable[SnapshotReport]] | None = None
    states: States | None = None
    shared: Shared | None = None
    public_lookup: Callable[[bytes], Stored | None] | None = None


class Register(Protocol):
    """Identifiers and their records."""

    @property
    def capabilities(self) -> Capabilities:
        """Return what else the engine can do; the same for its life."""

    def lookup(self, handle: bytes, /) -> Stored | None:
        """Return the record of a complete handle, in any spelling, or nothing. Never waits.

        Raises:
            NotFetched: The record is elsewhere and this task has not fetched it.
            RegisterUnavailable: It was asked for, and cannot be had now.
            LogDamaged: It is no longer what was written.

        """

    async def prefetch(self, handles: Sequence[bytes], /) -> None:
        """Have `lookup` answer for these handles in this task, and in tasks that it starts from now on.

        What is fetched is at least as new as what was there when this was called, and stays as it is, but for
        changes that the task itself submits, and for prefix handles that anybody changes: these are missing again.
        Raises nothing: where a record cannot be had, `lookup` says so.
        """

    def submit(
        self, mutations: Sequence[Mutation], /, *, all_or_nothing: bool = False
    ) -> Awaitable[list[Outcome]]:
        """Carry out mutations, those of earlier calls first; what can be awaited is one outcome each, in order.

        It is there once they are as durable as the options promise, and visible. Without ``all_or_nothing`` a
        refused mutation does not touch its neighbours; with it, either all are carried out or none, whatever
        crashes.

        Raises:
            ValueError: More than `BATCH_ITEMS_MAX` mutations.
            RegisterBusy: Nothing was taken; try again later. Raised here, or when awaited.
            RegisterClosed: No writes are taken any more. As before, or later.
            RegisterUnavailable: Nobody can tell what became of them. When awaited.

        """

    async def page(self, prefix: bytes, /, *, after: bytes = b"", limit: int = 1000) -> Page:
        """Return up to ``limit`` handles of a prefix that sort behind the cursor ``after``.

        A cursor stays right whatever is written meanwhile. ``limit`` is cut to `PAGE_HANDLES_MAX`. Only a page
        without a cursor is the last: one behind many deleted handles may have fewer than ``limit``, or none.

        Raises:
            LogDamaged: A record is no longer what was written.
            RegisterUnavailable: The handles cannot be had now.

        """

    async def count(self, prefix: bytes, /) -> int:
        """Return how many handles a prefix has.

        Raises:
            RegisterUnavailable: They cannot be counted now.

        """

    def watch(self, callback: Callable[[bytes], None], /) -> None:
        """Call back with the folded handle after each applied change of a prefix handle, whoever made it.

        While it is called back, `lookup` answers for that handle, and from then on for nobody with an older record.
        """

    def stats(self) -> RegisterStats:
        """Return the present figures, as far as they are known without waiting."""

    async def close(self) -> None:
        """Carry out what was submitted, and let go of everything; again is harmless."""


class RequestBatch(Protocol):
    """A batch of creations that a register has read from a request by itself (see `registry/embedded/native/batch.py`)."""

    @property
    def broken(self) -> bool:
        """Return whether the request as a whole is unreadable."""

    @property
    def too_many(self) -> bool:
        """Return whether it has more items than one batch may have."""

    @property
    def more_behind(self) -> bool:
        """Return whether something follows the last item."""

    @property
    def good(self) -> int:
        """Items that nothing was found wrong with so far."""

    @property
    def accepted(self) -> int:
        """Items that were created, in the end."""

    def __len__(self) -> int: ...

    def unrecognised(self) -> Iterator[tuple[int, bytes]]:
        """Yield position and bytes of each item that somebody else must judge."""

    def take(self, position: int, handle: bytes, values: bytes, /) -> None:
        """Take an unrecognised item: a handle fit for storing, and packed values."""

    def refuse(self, position: int, error: Exception, handle: bytes | None = None, /) -> None:
        """Refuse an unrecognised item."""

    def prefixes(self) -> Iterator[tuple[int, bytes]]:
        """Yield number and a sample handle of each prefix; prefix handles count each as their own."""

    def refuse_prefixes(self, refused: Mapping[int, Exception], /) -> None:
        """Refuse all items of these prefixes, by number."""

    def abort(self) -> None:
        """Refuse all that was not refused yet, because of those that were."""

    def accepted_by_prefix(self) -> Mapping[bytes, int]:
        """Return how many items were accepted of each prefix."""

    def first_handle(self) -> bytes | None:
        """Return the handle of the first item that has one."""

    def failures(self) -> Iterator[tuple[int, Exception, bytes | None]]:
        """Yield position, reason and handle (unless it never counted) of each refused item, by position."""


class RequestHandles(Protocol):
    """Many handles that a register has read from a request (see `registry/embedded/native/resolutions.pyx`)."""

    def __len__(self) -> int: ...

    def handle(self, position: int, /) -> bytes:
        """Return a handle as asked for."""

    def prefixes(self) -> list[bytes]:
        """Return the prefixes that were asked for, by number."""

    def serve(self, numbers: Iterable[int], /) -> None:
        """Answer below these prefixes."""

    def answer(self, position: int, enough: int, /) -> tuple[bytes, int]:
        """Return about ``enough`` bytes of records from a position on, in msgpack, and the next position.

        If fewer bytes come back, the next handle takes more thought than a public record of plain values.
        """

    def answered(self) -> Mapping[bytes, int]:
        """Return how many records were answered so, by prefix."""


class RequestRegister(Protocol):
    """Reads batches from a request's bytes, without an object an item; see `Capabilities`."""

    async def read_batch(self, request: bytes, *, lines: bool, now: int) -> RequestBatch | None:
        """Read NDJSON ``lines``, or else msgpack, dating values ``now``; ``None`` when it does not after all."""

    async def read_handles(self, request: bytes) -> RequestHandles | None:
        """Read a request for many handles, a msgpack array of texts; ``None`` when it does not after all."""

    async def submit_batch(self, batch: Any, /, *, all_or_nothing: bool, overwrite: bool) -> None:
        """Create what is good in a batch that `read_batch` returned, once it was judged.

        Raises:
            RegisterBusy: Nothing was taken; try again later.
            RegisterClosed: No writes are taken any more.

        """
