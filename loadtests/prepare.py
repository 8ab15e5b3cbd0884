"""Puts on the node what has to be there before the first request."""

from random import Random
from typing import TYPE_CHECKING, Final

from idnode.clients.web_blocking import Client
from idnode.loadtests.keys import WrittenSpace
from idnode.loadtests.records import items, sample_records

if TYPE_CHECKING:
    from idnode.loadtests.profile import Profile
    from idnode.loadtests.target import Target

_BATCH_ITEMS: Final = 5000


def write_records(profile: "Profile", target: "Target") -> None:
    """Register the identifiers of a written key space, over those of an earlier run.

    Raises:
        ClientError: The node does not answer, or refuses.

    """
    chance = Random(profile.seed)
    records = sample_records(chance)
    space = WrittenSpace(profile.bulk.prefix, profile.keys.written)
    with Client(target.http, target.credential) as client:
        for first in range(0, space.size, _BATCH_ITEMS):
            ranks = range(first, min(first + _BATCH_ITEMS, space.size))
            batch = items([space.handle(rank) for rank in ranks], records, chance)
            client.batch(batch, overwrite=True)
