"""What the service needs of a register, so that another one may take the embedded one's place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

    from idnode.registry.embedded.register import Page, Stored
    from idnode.registry.mutation import Mutation, Outcome


class Register(Protocol):
    """The part of a register's interface on which the service stands (see `registry/embedded/register.py`)."""

    def lookup(self, handle: bytes, /) -> Stored | None:
        """Return the record of a complete handle, in any spelling, or nothing. Never waits."""

    def submit(
        self, mutations: Sequence[Mutation], /, *, all_or_nothing: bool = False
    ) -> Awaitable[list[Outcome]]:
        """Carry out mutations, those of earlier calls first; what can be awaited is one outcome each, in order.

        Raises:
            RegisterBusy: Nothing was taken; try again later. Raised here, or when awaited.
            RegisterClosed: No writes are taken any more. As before, or later.

        """

    def list_handles(self, prefix: bytes, /, *, after: bytes = b"", limit: int = 1000) -> Page:
        """Return one page of the handles of a prefix, ascending by folded handle."""

    def watch(self, callback: Callable[[bytes], None], /) -> None:
        """Call back with the folded handle after each applied change of a prefix handle."""


class RequestBatch(Protocol):
    """A batch of creations that a register has read from a request by itself (see `registry/embedded/native/batch.py`)."""

    broken: bool
    """Whether the request as a whole is unreadable."""
    too_many: bool
    """Whether it has more items than one batch may have."""
    more_behind: bool
    """Whether something follows the last item."""
    good: int
    """Items that nothing was found wrong with so far."""
    accepted: int
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


@runtime_checkable
class RequestRegister(Protocol):
    """A register that may read batches from a request's bytes, without an object an item."""

    async def read_batch(self, request: bytes, *, lines: bool, now: int) -> RequestBatch | None:
        """Read NDJSON ``lines``, or else msgpack, dating values ``now``; ``None`` when it does not after all."""

    async def read_handles(self, request: bytes) -> RequestHandles | None:
        """Read a request for many handles, a msgpack array of texts; ``None`` when it does not after all."""

    async def submit_batch(
        self, batch: RequestBatch, /, *, all_or_nothing: bool, overwrite: bool
    ) -> None:
        """Create what is good in a batch that was judged.

        Raises:
            RegisterBusy: Nothing was taken; try again later.
            RegisterClosed: No writes are taken any more.

        """
