"""Patterns of a search mean what they say, and a search stays within its bounds.

- ``*`` stands for anything, the case of letters does not matter, and nothing takes more than linear time.
- Whoever may list nothing finds nothing; only what everybody may read is searched.
- More records than a search reads, and more searches than may wait, are refused.
"""

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.node.service.errors import AuthenticationNeeded, InvalidAdministrator, NodeBusy
from idnode.node.service.identifiers import reverse_lookup
from idnode.node.service.identifiers.credentials import Identity
from idnode.node.service.identifiers.reverse_lookup import (
    WAITING_MAX,
    Pattern,
    ReverseLookup,
    SearchTooLarge,
    Wanted,
)
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.values import pack
from idnode.registry.register import Page, Stored

ADMIN = Identity(b"0.NA/88.900.1", 301)
URLS = [Wanted(b"URL", Pattern("*"))]


@given(st.text("aB*", max_size=8), st.text("Ab", max_size=8))
def test_a_pattern_matches_as_its_regular_expression_does(pattern, text):
    expression = ".*".join(map(re.escape, pattern.split("*")))
    expected = re.fullmatch(expression, text, re.IGNORECASE | re.DOTALL) is not None
    assert Pattern(pattern).matches(text) == expected


class Records:
    """A register with a few records, and everything else that a search asks."""

    homed = frozenset({b"88.900.1", b"88.900.2"})

    def __init__(self):
        self.records = {
            b"88.900.1/%03d" % number: pack(
                [
                    HandleValue(1, "URL", b"https://example.org/%03d" % number),
                    HandleValue(2, "Note", b"secret", permissions=0x0C),
                    HandleValue(3, "URL", b"\xff"),
                ]
            )
            for number in range(450)
        }

    async def prefetch(self, handles):
        """Have nothing to fetch."""

    async def page(self, prefix, *, after=b"", limit):
        behind = sorted(h for h in self.records if h.startswith(prefix + b"/") and h > after)
        page = behind[:limit]
        return Page(page, page[-1] if len(behind) > limit else None)

    def lookup(self, handle):
        return Stored(handle, self.records[handle], public=False)

    def allows(self, identity, _right, handle):
        return identity == ADMIN and handle == b"0.NA/88.900.1"


@pytest.fixture
def lookup():
    records = Records()
    return ReverseLookup(records, records, records)


async def test_handles_come_in_order_and_by_page(lookup):
    wanted = [Wanted(b"URL", Pattern("*EXAMPLE*"))]
    found = await lookup.search(ADMIN, wanted, skip=0, limit=1000)
    assert found == [b"88.900.1/%03d" % number for number in range(450)]
    assert await lookup.search(ADMIN, wanted, skip=440, limit=5) == found[440:445]


async def test_all_patterns_must_match_and_any_value_of_a_type_may(lookup):
    both = [Wanted(b"URL", Pattern("https://*")), Wanted(b"URL", Pattern("*007"))]
    assert await lookup.search(ADMIN, both, skip=0, limit=9) == [b"88.900.1/007"]


async def test_what_the_public_may_not_read_is_not_searched(lookup):
    assert await lookup.search(ADMIN, [Wanted(b"NOTE", Pattern("*"))], skip=0, limit=9) == []


async def test_whoever_may_list_nothing_is_refused(lookup):
    with pytest.raises(AuthenticationNeeded):
        await lookup.search(None, URLS, skip=0, limit=1)
    with pytest.raises(InvalidAdministrator):
        await lookup.search(Identity(b"0.NA/88.900.2", 301), URLS, skip=0, limit=1)


async def test_a_search_that_reads_too_much_is_refused(lookup, monkeypatch):
    monkeypatch.setattr(reverse_lookup, "SEARCHED_MAX", 400)
    with pytest.raises(SearchTooLarge, match="at most 400"):
        await lookup.search(ADMIN, [Wanted(b"NO", Pattern("*"))], skip=0, limit=1)


async def test_a_crowd_is_told_to_come_again(lookup):
    searches = [lookup.search(ADMIN, URLS, skip=0, limit=1000) for _ in range(WAITING_MAX + 2)]
    outcomes = await asyncio.gather(*searches, return_exceptions=True)
    assert [type(each) for each in outcomes] == [list] * WAITING_MAX + [NodeBusy] * 2
    assert await lookup.search(ADMIN, URLS, skip=0, limit=1) == [b"88.900.1/000"]
