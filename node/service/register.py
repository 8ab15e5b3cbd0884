"""What the service needs of a register, so that another one may take the embedded one's place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from registry.mutation import Mutation, Outcome
    from registry.store import Page, Stored


class Register(Protocol):
    """The part of a register's interface on which the service stands (see `registry/store.py`)."""

    def lookup(self, handle: bytes, /) -> Stored | None:
        """Return the record of a complete handle, in any spelling, or nothing. Never waits."""

    async def submit(
        self, mutations: Sequence[Mutation], /, *, all_or_nothing: bool = False
    ) -> list[Outcome]:
        """Carry out mutations and return one outcome each, in their order.

        Raises:
            RegisterBusy: Nothing was taken; try again later.
            RegisterClosed: No writes are taken any more.

        """

    def list_handles(self, prefix: bytes, /, *, after: bytes = b"", limit: int = 1000) -> Page:
        """Return one page of the handles of a prefix, ascending by folded handle."""

    def watch(self, callback: Callable[[bytes], None], /) -> None:
        """Call back with the folded handle after each applied change of a prefix handle."""
