"""Resolution at a recursive node: what lives here as everywhere, all else through the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idnode.node.service.identifiers.resolver import Resolver
from idnode.registry.errors import ValuesNotFound
from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.limits import HANDLE_BYTES_MAX
from idnode.registry.handle.names import PREFIX_OF_PREFIXES, complete, fold, prefix_of
from idnode.registry.handle.values import EMPTY, select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idnode.node.recursion.recursion import Recursion
    from idnode.node.service.identifiers.authority import Authority
    from idnode.registry.register import Register, RequestHandles


class RecursiveResolver(Resolver):
    """Answers who asks for the values of a handle, wherever it is."""

    def __init__(self, register: Register, authority: Authority, recursion: Recursion) -> None:
        super().__init__(register, authority)
        self._recursion = recursion

    async def read_handles(self, request: bytes) -> RequestHandles | None:
        """Return None: requests for many handles are answered one by one."""
        del request
        return None

    def resolve(  # noqa: PLR0913  # keywords but for the first
        self,
        handle: bytes,
        *,
        indexes: Sequence[int] = (),
        types: Sequence[bytes] = (),
        public_only: bool = True,
        refer: bool = True,
        current: bool = False,
    ) -> bytes:
        """Return the packed values that match; what others answer for is public values only.

        Raises:
            InvalidHandle: Longer than a handle may be.
            NotFetched: It has to be asked for first.
            HandleNotFound: No record.
            ValuesNotFound: A record, but nothing in it that matches and may be read.
            NobodyAnswers: The nodes that would know cannot be asked.

        """
        if len(handle) > HANDLE_BYTES_MAX:
            raise InvalidHandle(f"Handle is longer than {HANDLE_BYTES_MAX} bytes")
        key = complete(handle)
        if self._is_ours(key):
            return super().resolve(
                handle,
                indexes=indexes,
                types=types,
                public_only=public_only,
                refer=refer,
                current=current,
            )
        packed = self._recursion.lookup(key)
        if indexes or types:
            packed = select(packed, indexes=indexes, types=types)
        if packed == EMPTY:
            raise ValuesNotFound
        return packed

    def _is_ours(self, key: bytes) -> bool:
        prefix = fold(prefix_of(key))
        if prefix == PREFIX_OF_PREFIXES:
            return self._lookup(key) is not None
        return self._authority.answers(key)
