"""Describes what a node knows about one of its HTTP APIs: a row of the table of faces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from idnode.node.faces.http.routes import Route
    from idnode.node.faces.http.services import Services
    from idnode.node.interceptors.rules.rule import Rule
    from idnode.node.openapi.document import Operation


def _undescribed() -> Sequence[Operation]:
    return ()


@dataclass(frozen=True, slots=True)
class HttpFace:
    """One HTTP API.

    ``name`` is what metrics, interceptors and the journal call it. ``routes`` makes its routes; those of earlier
    rows of the table go first. ``operations`` describes them for OpenAPI. Below ``roots`` every path is this face's.
    ``rules`` explain its own errors in the journal. ``busy`` is the body for a connection that cannot be served; empty:
    that of the Handle API.
    """

    name: str
    routes: Callable[[Services], list[Route]]
    operations: Callable[[], Sequence[Operation]] = _undescribed
    roots: tuple[str, ...] = ()
    rules: Mapping[type[BaseException], Rule] = field(default_factory=dict)
    busy: bytes = b""
