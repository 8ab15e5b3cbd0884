"""The operations of the binary protocol, put together: what the binary faces have in common.

Sessions, challenges and logins are one memory for all of them, because an answer to a challenge may come over
another connection, or another transport, than the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from node.service.administration import Administration
from node.service.authentication import Authentication
from node.service.challenges import Challenges
from node.service.dispatch import Dispatch
from node.service.door import Door
from node.service.homing import Homing
from node.service.key_exchange import KeyExchanges
from node.service.logins import Logins
from node.service.proofs import Proofs
from node.service.queries import Queries
from node.service.sealing import Sealing
from node.service.session_gate import SessionGate
from node.service.sessions import Sessions
from node.service.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from node.clock import Clock
    from node.service.authority import Authority
    from node.service.challenges import ChallengeLimits
    from node.service.credentials import Credentials
    from node.service.offload import Offload
    from node.service.permissions import Permissions
    from node.service.register import Register
    from node.service.registrar import Registrar
    from node.service.resolver import Resolver
    from node.service.response import Responses
    from node.service.sessions import SessionLimits


@dataclass(slots=True)
class Grounds:
    """What the operations stand on; ``report`` says what the status handle tells administrators."""

    register: Register
    authority: Authority
    permissions: Permissions
    credentials: Credentials
    registrar: Registrar
    resolver: Resolver
    responses: Responses
    clock: Clock
    offload: Offload
    report: Callable[[], dict[str, Any]]
    challenge_limits: ChallengeLimits | None = None
    session_limits: SessionLimits | None = None


class HandleProtocol:
    """The operations over some grounds; a face needs only the `door`."""

    def __init__(self, grounds: Grounds) -> None:
        clock, responses, offload = grounds.clock, grounds.responses, grounds.offload
        self.sessions = Sessions(clock, grounds.session_limits)
        self.challenges = Challenges(clock, grounds.challenge_limits)
        self.sealing = Sealing(responses, offload)
        self.proofs = Proofs(grounds.register, offload)
        authentication = Authentication(
            self.challenges, self.sessions, self.proofs, responses, self.sealing
        )
        self.queries = Queries(
            grounds.resolver, grounds.permissions, responses, Status(clock, grounds.report)
        )
        self.dispatch = Dispatch({}, responses, authentication.challenge)
        self.homing = Homing(grounds.authority, grounds.permissions)
        for part in (
            self.queries,
            authentication,
            Administration(grounds.registrar, self.homing, responses),
            Logins(grounds.credentials, responses),
            KeyExchanges(self.sessions, grounds.register, offload, responses),
        ):
            self.dispatch.offer(part.operations(self.dispatch))
        self.gate = SessionGate(self.sessions)
        self.door = Door(self.dispatch, responses, self.gate, self.sealing)
