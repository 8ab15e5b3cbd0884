"""Pages of a list, as asked for and as shown: they count from 1 (snms-api.md §8, E3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from idnode.node.faces.snms.reading import optional_number, optional_text
from idnode.node.faces.snms.times import read_time
from idnode.node.service.directory.enterprises import Asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from idnode.node.service.directory.enterprises import DirectoryPage

_Row = TypeVar("_Row")

PAGE_ROWS = 10
"""Rows of a page when a request does not say."""


def asked_page(request: web.Request, *, name: str, prefix: str = "") -> Asked:
    """Return which page a request asks for; ``name`` and ``prefix`` are the parameters that filter.

    Raises:
        ParameterRefused: A parameter is none.

    """
    return Asked(
        number=optional_number(request, "currentPage", 1),
        size=optional_number(request, "pageSize", PAGE_ROWS),
        name=optional_text(request, name),
        prefix=optional_text(request, prefix, 64) if prefix else "",
        since=read_time(optional_text(request, "startDate", 32), "startDate"),
        until=read_time(optional_text(request, "endDate", 32), "endDate"),
    )


def shown_page(
    page: DirectoryPage[_Row], shown: Callable[[_Row], dict[str, Any]]
) -> dict[str, Any]:
    """Return a page with its rows as they are shown."""
    return {
        "first": page.number == 1,
        "last": page.number >= page.pages,
        "totalPages": page.pages,
        "totalElements": page.total,
        "number": page.number,
        "size": page.size,
        "sort": None,
        "numberOfElements": len(page.rows),
        "content": [shown(row) for row in page.rows],
    }
