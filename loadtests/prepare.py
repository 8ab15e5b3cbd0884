"""Puts on the node what has to be there before the first request."""

from random import Random
from typing import TYPE_CHECKING, Final

from idnode.clients import blocking
from idnode.clients.answer import Transport
from idnode.clients.errors import ConnectionFailed, NotAnswered, Refused
from idnode.clients.request import Schedule
from idnode.clients.web_blocking import Client
from idnode.clients.web_requests import Call
from idnode.loadtests.keys import WrittenSpace
from idnode.loadtests.profile import Face
from idnode.loadtests.records import items, sample_records

if TYPE_CHECKING:
    from idnode.loadtests.profile import Profile
    from idnode.loadtests.target import Target

_BATCH_ITEMS: Final = 5000
_PROBE_SECONDS: Final = 2.0
PROBE: Final[Call[int]] = Call("GET", "/", lambda response: response.status)
"""Asks for nothing that a node counts."""
_TRANSPORTS: Final = {Face.HANDLE_UDP: Transport.UDP, Face.HANDLE_TCP: Transport.TCP}


def reach(profile: "Profile", target: "Target") -> None:
    """Ask each face that the profile asks, until one of them says anything at all; none of it is a resolution.

    Raises:
        ConnectionFailed: None of them did.

    """
    said = []
    for face in profile.users:
        try:
            _probe(face, target)
        except NotAnswered as error:
            said.append(f"{face}: {error}")
        except Refused:
            return
        else:
            return
    raise ConnectionFailed(f"the node does not answer; {'; '.join(said)}")


def _probe(face: Face, target: "Target") -> None:
    if face not in _TRANSPORTS:
        with Client(target.http, timeout_seconds=_PROBE_SECONDS) as web:
            web.do(PROBE)
        return
    transport = _TRANSPORTS[face]
    server = target.handle_udp if transport is Transport.UDP else target.handle_tcp
    schedule = Schedule(udp_seconds=_PROBE_SECONDS / 2, stream_seconds=_PROBE_SECONDS / 2)
    with blocking.Client(server, transport=transport, schedule=schedule) as handle:
        handle.site()


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
