"""Listing the identifiers of a prefix as they were spelled, by cursor: a call of the bulk API."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from idnode.clients.errors import MalformedAnswer
from idnode.clients.web_requests import Call, HttpResponse, read_success

IDENTIFIERS_PATH: Final = "/api/v1/identifiers"

PAGE_HANDLES: Final = 5_000
"""Identifiers that one request asks for."""


@dataclass(frozen=True, slots=True)
class IdentifiersPage:
    """One page: identifiers, where the next page begins (None behind the last), and how many there are."""

    handles: tuple[str, ...]
    after: str | None
    total: int


def listing(prefix: str, *, after: str = "", limit: int = PAGE_HANDLES) -> Call[IdentifiersPage]:
    """Return the call that lists one page of a prefix, from the cursor of the page before."""
    query = urlencode([("prefix", prefix), ("after", after), ("limit", limit)])
    return Call("GET", f"{IDENTIFIERS_PATH}?{query}", _read)


def _read(response: HttpResponse) -> IdentifiersPage:
    found = read_success(response)
    handles, after, total = found.get("handles"), found.get("after"), found.get("total")
    if not isinstance(handles, list) or not all(isinstance(each, str) for each in handles):
        raise MalformedAnswer("The listing has no list of handles")
    if not isinstance(after, str | None) or not isinstance(total, int):
        raise MalformedAnswer("The listing has no cursor or no total")
    return IdentifiersPage(tuple(handles), after, total)
