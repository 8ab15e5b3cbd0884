"""Counts how a recursive node answered while it was loaded: from its cache, or by asking the tree."""

import http.client
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

_SECONDS: Final = 10.0


class CacheAnswers(NamedTuple):
    """Questions that a recursive node answered, by what its cache knew (metric `idnode_recursive_answers_total`)."""

    hit: int
    miss: int
    stale: int
    failed: int

    @property
    def asked(self) -> int:
        """Return how many questions there were."""
        return sum(self)

    @property
    def hit_ratio(self) -> float:
        """Return the part of them that the cache answered within its time, 0 without any."""
        return self.hit / self.asked if self.asked else 0.0

    def since(self, before: Self) -> "CacheAnswers":
        """Return what came after that."""
        return CacheAnswers(*(now - then for now, then in zip(self, before, strict=True)))

    def as_data(self) -> dict[str, Any]:
        """Return it as data for programs."""
        return {**self._asdict(), "hit_ratio": self.hit_ratio}


def cache_answers(admin: str | None) -> CacheAnswers | None:
    """Return what a recursive node has answered so far, None if its management port does not tell."""
    if admin is None:
        return None
    address = urlsplit(admin)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_SECONDS)
    try:
        connection.request("GET", f"{address.path}/metrics")
        text = connection.getresponse().read().decode()
        found = {
            sample.labels["result"]: int(sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "idnode_recursive_answers_total"
        }
        return CacheAnswers(**found) if found else None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()


def as_lines(answers: CacheAnswers | None) -> Iterator[str]:
    """Return what a report says of the cache: nothing where no recursive node was loaded."""
    if answers is not None:
        told = ", ".join(f"{result} {count:,}" for result, count in answers._asdict().items())
        yield f"cache: {answers.hit_ratio:.1%} of {answers.asked:,} questions were hits ({told})"
