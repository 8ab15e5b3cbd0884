"""The services that every face stands on, built once the node's site record is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idnode.node.faces.http.sessions import WebSessions
from idnode.node.service.handle.handle_protocol import HandleProtocol, HandleServices
from idnode.node.service.handle.response import Responses
from idnode.node.service.identifiers.credentials import Credentials, node_administrators
from idnode.node.service.identifiers.permissions import Permissions
from idnode.node.service.identifiers.registrar import Registrar
from idnode.node.service.identifiers.resolver import Resolver
from idnode.node.service.identifiers.reverse_lookup import ReverseLookup

if TYPE_CHECKING:
    from collections.abc import Callable

    from idnode.node.first_start.prefixes import NodeSite
    from idnode.node.recursion.recursion import Recursion
    from idnode.node.service.identifiers.authority import Authority
    from idnode.node.service.offload import Offload
    from idnode.node.settings import Settings
    from idnode.registry.handle.clock import Clock
    from idnode.registry.register import Register


class NodeServices:
    """Identifiers, who may change them, and the Handle protocol over them.

    ``report`` says what the status handle tells administrators. With ``recursion`` the node asks others for what
    does not live here.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # called once, by the composition root
        self,
        settings: Settings,
        register: Register,
        authority: Authority,
        clock: Clock,
        site: NodeSite,
        report: Callable[[], dict[str, Any]],
        offload: Offload,
        recursion: Recursion | None = None,
    ) -> None:
        self.site = site
        self.authority = authority
        self.resolver = _resolver(register, authority, recursion)
        self.credentials = Credentials(register)
        self.permissions = Permissions(register, node_administrators(settings.prefix.encode()))
        self.registrar = Registrar(register, self.authority, self.permissions, clock)
        self.reverse_lookup = (
            ReverseLookup(register, self.authority, self.permissions)
            if settings.reverse_lookup
            else None
        )
        self.offload = offload
        self.web_sessions = WebSessions(clock)
        responses = Responses(
            site.site_serial,
            signing_key=site.signing_key,
            lost_request_ids=settings.handle_net_habits,
            authoritative=recursion is None,
        )
        self.protocol = HandleProtocol(
            HandleServices(
                register,
                self.authority,
                self.permissions,
                self.credentials,
                self.registrar,
                self.resolver,
                responses,
                clock,
                offload,
                report,
                site.site,
                None if recursion is None else recursion.trusted,
            )
        )


def _resolver(register: Register, authority: Authority, recursion: Recursion | None) -> Resolver:
    if recursion is None:
        return Resolver(register, authority)
    from idnode.node.recursion.resolver import RecursiveResolver  # noqa: PLC0415  # only for a recursive node

    return RecursiveResolver(register, authority, recursion)
