"""Users that resolve one identifier a request: over the Handle protocol and over the HTTP JSON API."""

from typing import TYPE_CHECKING, ClassVar

from idnode.clients import blocking
from idnode.clients.answer import Question, Transport
from idnode.clients.request import Schedule
from idnode.loadtests.profile import Face
from idnode.loadtests.users.node_user import Asked, NodeUser, WebUser, wrong_with

if TYPE_CHECKING:
    from locust.env import Environment

    from idnode.clients.answer import Answer


class ResolvingUser(NodeUser):
    """Resolves one identifier a request."""

    abstract = True

    def __init__(self, environment: "Environment") -> None:
        super().__init__(environment)
        self.keys = self.load.keys_for(self.chance)

    def ask(self) -> Asked:
        """Resolve an identifier, and compare whether it was found with whether it exists."""
        handle, exists = self.next_handle()
        self.name = "resolve" if exists else "resolve missing"
        answer = self.resolve(handle)
        self.received_bytes = answer.message_bytes
        return self.name_of(answer), 1, wrong_with(answer, exists=exists)

    def next_handle(self) -> tuple[bytes, bool]:
        """Return what is asked for next, and whether it exists: the keys of the profile, or your own."""
        return self.keys.next()

    def name_of(self, _answer: "Answer") -> str:
        """Return the name under which an answer counts."""
        return self.name

    def resolve(self, handle: bytes) -> "Answer":
        """Ask for all values of an identifier."""
        raise NotImplementedError


class _HandleUser(ResolvingUser):
    abstract = True
    transport: ClassVar[Transport]

    def __init__(self, environment: "Environment") -> None:
        super().__init__(environment)
        tcp, udp = self.load.target.handle_tcp, self.load.target.handle_udp
        # Over UDP a question may move to TCP, which listens on the same port.
        server = udp if self.transport is Transport.UDP else tcp
        seconds = self.load.profile.load.timeout_seconds
        sends_at = Schedule().sends_at if self.load.profile.load.udp_repeats else (0.0,)
        self.client = blocking.Client(
            server,
            transport=self.transport,
            schedule=Schedule(sends_at, udp_seconds=seconds / 2, stream_seconds=seconds / 2)
            if self.transport is Transport.UDP
            else Schedule(stream_seconds=seconds),
            clock=self.load.clock,
        )

    def warm(self) -> None:
        """Connect, and work out what identifiers are called."""
        self.keys.next()
        self.client.site()

    def on_stop(self) -> None:
        """Close the connection."""
        super().on_stop()
        self.client.close()

    def resolve(self, handle: bytes) -> "Answer":
        """Ask for all values of an identifier."""
        return self.client.query(Question(handle))

    def name_of(self, answer: "Answer") -> str:
        if answer.transport is not self.transport:
            return f"{self.name}, over TCP at last"
        return self.name


class HandleUdpUser(_HandleUser):
    """Resolves over the Handle protocol, UDP: each user has a socket of its own."""

    abstract = False
    face = Face.HANDLE_UDP
    transport = Transport.UDP


class HandleTcpUser(_HandleUser):
    """Resolves over the Handle protocol, TCP: each user has a connection of its own, kept open."""

    abstract = False
    face = Face.HANDLE_TCP
    transport = Transport.TCP


class JsonUser(WebUser, ResolvingUser):
    """Resolves over the HTTP JSON API."""

    abstract = False
    face = Face.JSON

    def resolve(self, handle: bytes) -> "Answer":
        """Ask for all values of an identifier."""
        return self.client.query(Question(handle))
