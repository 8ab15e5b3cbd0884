"""A running node as tests see it: where its faces are, who administers it, and clients of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from idnode.node.testing.asking import ask

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from idnode.clients.blocking import Client

PREFIX: Final = "88.900"
SECRET: Final = "idnode-demo"  # noqa: S105  # the well-known one, for loopback


@dataclass(frozen=True, slots=True)
class Node:
    """Addresses and credentials of a node."""

    handle_tcp: tuple[str, int]
    """Host and port of the binary protocol over TCP."""
    handle_udp: tuple[str, int]
    """The same over UDP."""
    http: str
    """URL of the HTTP port: Handle JSON, SNMS, bulk."""
    https: str
    """URL of the same port under the node's own certificate."""
    admin: str
    """URL of the management port."""
    pid: int
    shared: bool
    """Whether other workers of the run ask the same node."""

    prefix: str = PREFIX
    identity: str = f"301:0.NA/{PREFIX}"
    """``index:handle`` of the node's administrator."""
    secret: str = field(default=SECRET, repr=False)
    username: str = "admin"
    """The SNMS account of the administrator."""
    password: str = field(default=SECRET, repr=False)

    @classmethod
    def of(cls, ready: Mapping[str, Any], *, shared: bool) -> Self:
        """Return the node that a ready file tells of."""
        tcp, udp = ready["handle_tcp"], ready["handle_udp"]
        return cls(
            handle_tcp=(str(tcp[0]), int(tcp[1])),
            handle_udp=(str(udp[0]), int(udp[1])),
            http=ready["http"],
            https=ready["https"],
            admin=ready["admin"],
            pid=ready["pid"],
            shared=shared,
        )

    def url(self, path: str) -> str:
        """Return the URL of a path on the HTTP port."""
        return f"{self.http}/{path.removeprefix('/')}"

    def manage(self, method: str, path: str, body: Any = None) -> Any:
        """Return what a call of the management port answers.

        Raises:
            NodeRefused: The node refused it.

        """
        return ask(self.admin, method, path, body)

    def client(self) -> Client:
        """Return a blocking client of the binary protocol; it is a context manager."""
        # Only whoever asks for it pays for its import.
        from idnode.clients.blocking import Client  # noqa: PLC0415

        return Client(self.handle_udp)
