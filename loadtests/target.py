"""Tells where the node is, and who registers there."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from idnode.clients.web_requests import Credential


class TargetUnknown(Exception):
    """An address or a ready file cannot be read; the message says which."""


@dataclass(frozen=True, slots=True)
class Target:
    """The addresses of a node, its process where that is known, and an administrator."""

    handle_tcp: tuple[str, int]
    handle_udp: tuple[str, int]
    http: str
    credential: Credential
    pid: int | None = None
    admin: str | None = None
    """URL of the management port, where that is known."""

    @classmethod
    def at(cls, handle_server: str, http: str, credential: Credential) -> Self:
        """Return the node at ``HOST:PORT`` (Handle protocol) and a base URL.

        Raises:
            TargetUnknown: There is no port in the address.

        """
        host, _, port = handle_server.rpartition(":")
        if not host or not port.isdecimal():
            raise TargetUnknown(f"{handle_server!r} is no HOST:PORT")
        server = (host.strip("[]"), int(port))
        return cls(server, server, http, credential)

    @classmethod
    def of_ready_file(cls, path: Path, credential: Credential, name: str = "") -> Self:
        """Return the node that wrote this ready file, or the one of this name of the tree that did.

        Raises:
            TargetUnknown: The file cannot be read, or is no ready file.

        """
        try:
            found = json.loads(path.read_bytes())
            if name and "nodes" in found:
                found |= found["nodes"][name]
                found["admin"] += f"/nodes/{name}"
            tcp, udp = ((str(host), int(port)) for host, port in _servers(found))
            http, pid = str(found["http"]), int(found["pid"])
            return cls(tcp, udp, http, credential, pid, found.get("admin"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TargetUnknown(f"{path} is no ready file of a node: {error!r}") from error


def _servers(found: dict[str, tuple[str, int]]) -> tuple[tuple[str, int], tuple[str, int]]:
    return found["handle_tcp"], found["handle_udp"]


def credential_of(admin: str, secret: str) -> Credential:
    """Return the credential of ``INDEX:HANDLE`` with its secret.

    Raises:
        TargetUnknown: There is no index in front of the handle.

    """
    index, _, handle = admin.partition(":")
    if not index.isdecimal() or not handle:
        raise TargetUnknown(f"{admin!r} is no INDEX:HANDLE")
    return Credential(int(index), handle, secret)
