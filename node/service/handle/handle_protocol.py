"""The operations of the binary protocol, put together: what the binary faces have in common.

Sessions, challenges and logins are one memory for all of them, because an answer to a challenge may come over
another connection, or another transport, than the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from idnode.node.service.handle.administration import Administration
from idnode.node.service.handle.authentication import Authentication
from idnode.node.service.handle.challenges import Challenges
from idnode.node.service.handle.dispatch import Dispatch
from idnode.node.service.handle.homing import Homing
from idnode.node.service.handle.key_exchange import KeyExchanges
from idnode.node.service.handle.logins import Logins
from idnode.node.service.handle.proofs import Proofs
from idnode.node.service.handle.queries import Queries
from idnode.node.service.handle.receiver import Receiver
from idnode.node.service.handle.sealing import Sealing
from idnode.node.service.handle.session_gate import SessionGate
from idnode.node.service.handle.sessions import Sessions
from idnode.node.service.handle.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from idnode.node.service.handle.challenges import ChallengeLimits
    from idnode.node.service.handle.response import Responses
    from idnode.node.service.handle.sessions import SessionLimits
    from idnode.node.service.identifiers.authority import Authority
    from idnode.node.service.identifiers.credentials import Credentials
    from idnode.node.service.identifiers.permissions import Permissions
    from idnode.node.service.identifiers.registrar import Registrar
    from idnode.node.service.identifiers.resolver import Resolver
    from idnode.node.service.offload import Offload
    from idnode.registry.handle.clock import Clock
    from idnode.registry.register import Register


@dataclass(slots=True)
class HandleServices:
    """Holds what the operations stand on.

    ``report`` says what the status handle tells administrators, ``site`` is the node's site record,
    ``trusts`` what says whether a record is verified.
    """

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
    site: bytes = b""
    trusts: Callable[[bytes], bool] | None = None
    challenge_limits: ChallengeLimits | None = None
    session_limits: SessionLimits | None = None


class HandleProtocol:
    """The operations over some services; a face needs only the `receiver`."""

    def __init__(self, services: HandleServices) -> None:
        clock, responses, offload = services.clock, services.responses, services.offload
        self.sessions = Sessions(clock, services.session_limits)
        self.challenges = Challenges(clock, services.challenge_limits)
        self.sealing = Sealing(responses, offload)
        self.proofs = Proofs(services.register, offload)
        authentication = Authentication(
            self.challenges, self.sessions, self.proofs, responses, self.sealing
        )
        self.queries = Queries(
            services.resolver,
            services.permissions,
            responses,
            Status(clock, services.report),
            services.site,
            services.trusts,
        )
        self.dispatch = Dispatch({}, responses, authentication.challenge)
        self.homing = Homing(services.authority, services.permissions)
        for part in (
            self.queries,
            authentication,
            Administration(services.registrar, self.homing, responses),
            Logins(services.credentials, responses),
            KeyExchanges(self.sessions, services.register, offload, responses),
        ):
            self.dispatch.offer(part.operations(self.dispatch))
        self.gate = SessionGate(self.sessions)
        self.receiver = Receiver(self.dispatch, responses, self.gate, self.sealing)
