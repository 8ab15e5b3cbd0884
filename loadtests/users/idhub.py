"""Users of the IDHub API: applications that resolve identifiers by ``operationId``.

The applications of a process share one identity, which the test's administrator registers when the first one starts.
"""

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from idnode.clients import web_blocking
from idnode.clients.idhub_answers import ObjectMissing
from idnode.clients.idhub_blocking import Client
from idnode.loadtests.applications import register_application
from idnode.loadtests.profile import Face
from idnode.loadtests.users.node_user import Asked, NodeUser, counted

if TYPE_CHECKING:
    from locust.env import Environment

    from idnode.clients.idhub_requests import ApplicationIdentity
    from idnode.clients.web_requests import Call

_identities: "WeakKeyDictionary[Environment, ApplicationIdentity]" = WeakKeyDictionary()


class _CountingClient(Client):
    """Tells a user how many bytes of answers came."""

    user: NodeUser

    def _perform(self, step: "Call[Any]") -> Any:
        return super()._perform(counted(step, self.user))


class IdhubUser(NodeUser):
    """Resolves identifiers as an application does: it proves once who it is, and then asks on and on."""

    abstract = False
    face = Face.IDHUB

    def __init__(self, environment: "Environment") -> None:
        super().__init__(environment)
        self.keys = self.load.keys_for(self.chance)
        self.client: _CountingClient | None = None

    def warm(self) -> None:
        """Prove who asks, before the first request is due."""
        environment, target = self.environment, self.load.target
        if environment not in _identities:
            with web_blocking.Client(
                target.http, target.credential, clock=self.load.clock
            ) as administrator:
                _identities[environment] = register_application(
                    administrator, target.credential.handle
                )
        self.client = _CountingClient(
            self.load.target.http,
            _identities[environment],
            timeout_seconds=self.load.profile.load.timeout_seconds,
            clock=self.load.clock,
        )
        self.client.user = self
        self.client.login()

    def on_stop(self) -> None:
        """Close the connection."""
        super().on_stop()
        if self.client is not None:
            self.client.close()

    def ask(self) -> Asked:
        """Resolve an identifier, and compare whether it was found with whether it exists."""
        assert self.client is not None
        handle, exists = self.keys.next()
        self.name = "resolve" if exists else "resolve missing"
        try:
            self.client.retrieve(handle.decode())
        except ObjectMissing:
            return self.name, 1, "HandleNotFound" if exists else None
        return self.name, 1, None if exists else "FoundMissing"
