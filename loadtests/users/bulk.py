"""Users of the bulk API: many identifiers a request."""

import secrets
from typing import TYPE_CHECKING

from idnode.loadtests.profile import Face
from idnode.loadtests.records import items, sample_records
from idnode.loadtests.users.node_user import Asked, WebUser, wrong_with

if TYPE_CHECKING:
    from locust.env import Environment


class BulkUser(WebUser):
    """Registers new identifiers in batches and, by the profile, resolves many at once."""

    abstract = False
    face = Face.BULK

    def __init__(self, environment: "Environment") -> None:
        super().__init__(environment)
        self.keys = self.load.keys_for(self.chance)
        self.records = sample_records(self.chance)
        # Not from the seed: a second run against the same node must not meet the names of the first.
        self._series = f"{self.load.profile.bulk.prefix}/bulk-{secrets.token_hex(5)}"
        self._written = 0

    def ask(self) -> Asked:
        """Register a batch, or resolve one."""
        table = self.load.profile.bulk
        if self.chance.random() * 100 < table.write_percent:
            return self._register(table.items)
        return self._resolve(table.items)

    def _register(self, count: int) -> Asked:
        self.name = "register batch"
        first, self._written = self._written, self._written + count
        handles = [
            f"{self._series}-{number:09d}".encode() for number in range(first, first + count)
        ]
        result = self.client.batch(items(handles, self.records, self.chance))
        return self.name, result.accepted, "ItemsRefused" if result.failures else None

    def _resolve(self, count: int) -> Asked:
        self.name = "resolve batch"
        asked = [self.keys.next() for _ in range(count)]
        answers = self.client.resolve_many([handle for handle, _ in asked])
        wrong = (
            wrong_with(answer, exists=exists)
            for answer, (_, exists) in zip(answers, asked, strict=True)
        )
        return self.name, count, next(filter(None, wrong), None)
