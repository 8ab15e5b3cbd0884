"""Resolution, the same for each face: a handle and filters in, packed values out.

Resolving a handle awaits nothing, creates no task and reads no clock. A record that everybody may read whole is answered with
the very bytes that are stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from idnode.node.service.identifiers.templates import HandleTemplates
from idnode.registry.errors import HandleNotFound, ValuesNotFound
from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.limits import HANDLE_BYTES_MAX
from idnode.registry.handle.names import PREFIX_HANDLE_START, PREFIX_OF_PREFIXES, complete, fold
from idnode.registry.handle.values import EMPTY, select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idnode.node.service.identifiers.authority import Authority
    from idnode.registry.register import Register, RequestHandles


class Resolver:
    """Answers who asks for the values of a handle."""

    def __init__(self, register: Register, authority: Authority) -> None:
        self._register = register
        self._lookup = register.lookup
        self._public_lookup = register.capabilities.public_lookup or register.lookup
        self._authority = authority
        self._namespaces = authority.namespaces
        self._templates = HandleTemplates(register, authority.namespaces)
        self._whole = authority.whole

    async def read_handles(self, request: bytes) -> RequestHandles | None:
        """Have the register read a request for many handles, to be answered where their prefixes are wholly here.

        ``None`` when it does not do that; then `resolve` is the way. As `resolve` without filters it is for all
        readers: who may read more is asked elsewhere.
        """
        batches = self._register.capabilities.batches
        if batches is None:
            return None
        handles = await batches.read_handles(request)
        if handles is not None:
            served = enumerate(map(fold, handles.prefixes()))
            handles.serve(n for n, p in served if p in self._whole or p == PREFIX_OF_PREFIXES)
        return handles

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
        """Return the packed values that match one of the indexes or types (all when both are empty).

        ``public_only`` may be false only for a caller whose right to read the record is proven: values
        without public read are then included. ``refer`` false answers "not found" instead of a referral,
        ``current`` what is stored now, where otherwise a moment ago would do. A
        slashless handle names its prefix handle (handle-protocol.md §5.1).

        Raises:
            InvalidHandle: Longer than a handle may be.
            NotResponsible: The prefix lives elsewhere.
            ServiceReferral: The prefix lives on a server that is known here.
            PrefixReferral: A derived prefix that lives elsewhere, with the sites to ask.
            HandleNotFound: No record.
            ValuesNotFound: A record, but nothing in it that matches and may be read.

        """
        if len(handle) > HANDLE_BYTES_MAX:
            raise InvalidHandle(f"Handle is longer than {HANDLE_BYTES_MAX} bytes")
        key = handle if b"/" in handle else PREFIX_HANDLE_START + handle
        prefix = key[: key.index(b"/")].upper()
        if (
            prefix not in self._whole
            and prefix != PREFIX_OF_PREFIXES
            and not self._authority.answers(key)
        ):
            raise self._authority.absence(key, refer=refer)
        stored = self._public_lookup(key) if public_only and not current else self._lookup(key)
        if stored is None:
            packed = self._made_up(key, prefix, refer=refer)
            hides = public_only
        else:
            packed, hides = stored.values, public_only and not stored.public
        if indexes or types or hides:
            packed = select(packed, indexes=indexes, types=types, public_only=public_only)
        if packed == EMPTY:
            raise ValuesNotFound
        return packed

    def _made_up(self, key: bytes, prefix: bytes, *, refer: bool) -> bytes:
        """Return the record that a template makes for a handle which is not stored.

        A handle that another server answers for is not made up here.
        """
        if self._namespaces and self._namespaces.templated(prefix):
            absence = self._authority.absence(key, refer=refer)
            if not isinstance(absence, HandleNotFound):
                raise absence
            made = self._templates.values(key, prefix, self._cite)
            if made is not None:
                return made
        raise self._authority.absence(key, refer=refer)

    def _cite(self, handle: bytes, index: int) -> bytes:
        """Return one stored value of a handle, as everybody may read it.

        Raises:
            RegistryError: There is none.

        """
        stored = self._lookup(complete(handle))
        packed = EMPTY if stored is None else stored.values
        packed = select(packed, indexes=(index,), public_only=True)
        if packed == EMPTY:
            raise ValuesNotFound
        return packed
