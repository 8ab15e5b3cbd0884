"""Puts on the node what has to be there before the first request."""

from random import Random
from typing import TYPE_CHECKING, Final

from idnode.clients import blocking
from idnode.clients.answer import Question, Transport
from idnode.clients.errors import ConnectionFailed, NotAnswered, Refused
from idnode.clients.request import Schedule
from idnode.clients.web_blocking import Client
from idnode.loadtests.keys import WrittenSpace
from idnode.loadtests.profile import Face
from idnode.loadtests.records import items, sample_records

if TYPE_CHECKING:
    from idnode.loadtests.profile import Profile
    from idnode.loadtests.target import Target

_BATCH_ITEMS: Final = 5000
_PROBE_SECONDS: Final = 2.0
_PROBE: Final = Question(b"0.NA/0.NA")
_TRANSPORTS: Final = {Face.HANDLE_UDP: Transport.UDP, Face.HANDLE_TCP: Transport.TCP}


def reach(profile: "Profile", target: "Target") -> None:
    """Ask each face that the profile asks, until one of them says anything at all.

    Raises:
        ConnectionFailed: None of them did.

    """
    said = []
    for face in profile.users:
        with _client_for(face, target) as client:
            try:
                client.query(_PROBE)
            except Refused:
                return
            except NotAnswered as error:
                said.append(f"{face}: {error}")
            else:
                return
    raise ConnectionFailed(f"the node does not answer; {'; '.join(said)}")


def _client_for(face: Face, target: "Target") -> "blocking.Client | Client":
    if face not in _TRANSPORTS:
        return Client(target.http, timeout_seconds=_PROBE_SECONDS)
    transport = _TRANSPORTS[face]
    server = target.handle_udp if transport is Transport.UDP else target.handle_tcp
    schedule = Schedule(udp_seconds=_PROBE_SECONDS / 2, stream_seconds=_PROBE_SECONDS / 2)
    return blocking.Client(server, transport=transport, schedule=schedule)


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
