"""Submissions that wait for their transaction, in order, and which of them have one together.

A large group is judged in a thread, before its turn when nothing more can join it: while the transaction before it is
with the database, this process has nothing else to do.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from idnode.registry.postgres.group import PlainCreations
from idnode.registry.postgres.limits import GROUP_BYTES_MAX, GROUP_ITEMS_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idnode.registry.postgres.group import Submission

AT_ONCE: Final = 100
"""Mutations that are judged without leaving the loop: about a millisecond's."""


class Group:
    """Submissions of one transaction: plain creations all of them, or not."""

    def __init__(self, submissions: Sequence[Submission]) -> None:
        self.submissions = submissions
        self.plain = all(submission.plain for submission in submissions)
        self.items = sum(len(submission.mutations) for submission in submissions)
        self._judged: asyncio.Future[PlainCreations] | None = None

    def judge(self) -> asyncio.Future[PlainCreations]:
        """Have plain creations judged in a thread, once."""
        if self._judged is None:
            loop = asyncio.get_running_loop()
            self._judged = loop.run_in_executor(None, PlainCreations, self.submissions)
        return self._judged

    async def creations(self) -> PlainCreations:
        """Return its plain creations, judged; the same whenever it is asked."""
        if self._judged is None and self.items <= AT_ONCE:
            return PlainCreations(self.submissions)
        return await asyncio.shield(self.judge())


class Queue:
    """Waiting submissions; plain ones in a row are carried out together, and so are others."""

    def __init__(self) -> None:
        self._waiting: deque[Submission] = deque()
        self._ahead: Group | None = None
        """The first ones that wait, if they are being judged."""
        self._items = 0
        self._bytes = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def append(self, submission: Submission) -> None:
        """Let a submission wait behind the others."""
        self._waiting.append(submission)
        self._items += len(submission.mutations)
        self._bytes += submission.bytes
        # Otherwise it joins the first group, and nothing is looked through for each of many small ones.
        full = self._items >= GROUP_ITEMS_MAX or self._bytes >= GROUP_BYTES_MAX
        if self._ahead is None and (full or not submission.plain):
            self._look_ahead()

    def pop(self) -> Submission:
        """Take out the first one."""
        self._ahead = None
        return self._taken()

    def next_group(self) -> Group:
        """Take out the submissions of the next transaction; there is one at least."""
        group, self._ahead = self._ahead or self._first(), None
        for _ in group.submissions:
            self._taken()
        self._look_ahead()
        return group

    def _taken(self) -> Submission:
        submission = self._waiting.popleft()
        self._items -= len(submission.mutations)
        self._bytes -= submission.bytes
        return submission

    def _first(self) -> Group:
        return Group(self._fitting()[0])

    def _look_ahead(self) -> None:
        """Begin to judge the next group if it is large, and what comes in cannot join it."""
        if self._waiting and self._waiting[0].plain:
            found, full = self._fitting()
            if full and (group := Group(found)).items > AT_ONCE:
                self._ahead = group
                group.judge()

    def _fitting(self) -> tuple[list[Submission], bool]:
        """Return the submissions of the next transaction, and whether no further one can join them."""
        found: list[Submission] = []
        items = size = 0
        for submission in self._waiting:
            items += len(submission.mutations)
            size += submission.bytes
            other = found and submission.plain != found[0].plain
            if found and (other or items > GROUP_ITEMS_MAX or size > GROUP_BYTES_MAX):
                return found, True
            found.append(submission)
        return found, items >= GROUP_ITEMS_MAX or size >= GROUP_BYTES_MAX
