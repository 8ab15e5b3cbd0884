"""Conditions on the requests that a fault is meant for."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from idnode.node.interceptors.exchange import HttpRequest

if TYPE_CHECKING:
    from idnode.node.interceptors.exchange import Exchange

Glob = Annotated[str, Field(max_length=300)]


class Match(BaseModel):
    """Conditions on a request, all of which must hold; globs know ``*`` and ``?``, without regard to ASCII case.

    ``operation``, ``prefix``, ``handle``, ``identity`` and ``account`` are known only when the answer is made; a fault
    that strikes before the request is carried out can match by ``face``, ``method``, ``path`` and ``header`` alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    face: Glob | None = None
    operation: Glob | None = None
    prefix: Glob | None = None
    handle: Glob | None = None
    identity: Glob | None = None
    account: Glob | None = None
    method: Glob | None = None
    path: Glob | None = None
    header: dict[str, Glob] | None = None

    @property
    def early(self) -> bool:
        """True if a request can be matched before anything of it is decoded."""
        later = (self.operation, self.prefix, self.handle, self.identity, self.account)
        return all(condition is None for condition in later)

    def matches(self, exchange: Exchange) -> bool:
        """Return whether a request meets every condition."""
        handle = exchange.handle.decode(errors="replace")
        found = (
            (self.face, exchange.face),
            (self.operation, exchange.operation),
            (self.prefix, handle.partition("/")[0]),
            (self.handle, handle),
            (self.identity, exchange.identity or ""),
            (self.account, exchange.account or ""),
        )
        if any(glob is not None and not _fits(value, glob) for glob, value in found):
            return False
        if self.method is None and self.path is None and self.header is None:
            return True
        request = exchange.request
        return isinstance(request, HttpRequest) and self._matches_http(request)

    def _matches_http(self, request: HttpRequest) -> bool:
        if self.method is not None and not _fits(request.method, self.method):
            return False
        if self.path is not None and not _fits(request.target.partition("?")[0], self.path):
            return False
        sent = {name.lower(): value for name, value in request.headers.items()}
        return all(
            _fits(sent.get(name.lower(), ""), glob) for name, glob in (self.header or {}).items()
        )


def _fits(value: str, glob: str) -> bool:
    return fnmatchcase(value.upper(), glob.upper())
