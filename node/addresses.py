"""Describes what was bound, and the ready file that tells it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # recognised, not bound
"""Addresses that mean all of this machine's, and one of them that a client can ask."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Host and port of each face."""

    handle_tcp: tuple[str, int]
    handle_udp: tuple[str, int]
    http: tuple[str, int]
    admin: tuple[str, int]
    idhub: tuple[str, int] | None = None
    """The second port of the HTTP API, where IDHub's clients look for it."""


def url_of(address: tuple[str, int], scheme: str = "http") -> str:
    """Return the URL at which this machine reaches an address."""
    host, port = address
    host = WILDCARDS.get(host, host)
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def told(addresses: Addresses) -> dict[str, Any]:
    """Return the addresses as the ready file has them."""
    found: dict[str, Any] = {
        "handle_tcp": addresses.handle_tcp,
        "handle_udp": addresses.handle_udp,
        "http": url_of(addresses.http),
        "https": url_of(addresses.http, "https"),
        "admin": url_of(addresses.admin),
    }
    if addresses.idhub is not None:
        found["idhub"] = url_of(addresses.idhub)
    return found


def write_ready_file(
    path: Path, addresses: Addresses, core: str, nodes: Mapping[str, Addresses] | None = None
) -> None:
    """Write the file whole or not at all, so that whoever sees it can read it.

    ``nodes`` are those of a tree, by name; ``addresses`` are the first one's then.

    Raises:
        OSError: It cannot be written.

    """
    content: dict[str, Any] = {"pid": os.getpid(), "core": core, **told(addresses)}
    if nodes is not None:
        content["nodes"] = {name: told(each) for name, each in nodes.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(orjson.dumps(content) + b"\n")
    beside.chmod(0o644)  # nothing in it is secret, and scripts of other users may wait for it
    beside.replace(path)
