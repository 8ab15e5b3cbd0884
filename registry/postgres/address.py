"""The address of a register on PostgreSQL: what libpq calls a connection URI, for the engine and for SQLAlchemy.

``postgresql://USER:PASSWORD@HOST1,HOST2:5433/DATABASE?sslmode=verify-full&sslrootcert=FILE``; ``host`` in the
query names a folder with a socket. Writes need a primary, so of several hosts the one that takes writes is
chosen unless ``target_session_attrs`` says otherwise.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from idnode.registry.handle.errors import RegistryError

PRIMARY: Final = "read-write"

_TARGETS: Final = ("any", "primary", "standby", PRIMARY, "read-only", "prefer-standby")
_DEFAULT_PORT: Final = "5432"
_SCHEMES: Final = ("postgresql", "postgres")


class AddressRefused(RegistryError):
    """The URL of a register on PostgreSQL is none."""


class Address:
    """The place of a register. ``text`` may hold a password, `shown` does not.

    Raises:
        AddressRefused: It names no database.

    """

    def __init__(self, text: str) -> None:
        parts = urlsplit(text)
        if parts.scheme not in _SCHEMES or not parts.path.strip("/"):
            raise AddressRefused("A register on PostgreSQL is postgresql://USER@HOST/DATABASE")
        self.url = text
        self.database = unquote(parts.path.strip("/"))
        query = dict(parse_qsl(parts.query))
        credential, _, places = parts.netloc.rpartition("@")
        user, _, self.password = map(unquote, credential.partition(":"))
        self.user = user or query.pop("user", "")
        hosts = [_host_and_port(place) for place in places.split(",") if place]
        if "host" in query:
            port = query.pop("port", _DEFAULT_PORT)
            hosts = [_host_and_port(place, port) for place in query.pop("host").split(",")]
        self.hosts = hosts
        self.target = query.get("target_session_attrs", PRIMARY)
        if self.target not in _TARGETS:
            raise AddressRefused(f"target_session_attrs is one of {', '.join(_TARGETS)}")
        self.query = query

    @property
    def shown(self) -> str:
        """Return the address for people: without the password."""
        places = ",".join(f"{host}:{port}" for host, port in self.hosts) or "localhost"
        return f"postgresql://{self.user + '@' if self.user else ''}{places}/{self.database}"

    def each(self) -> list[Address]:
        """Return one address for each host, whatever that host takes."""
        query = {**self.query, "target_session_attrs": "any"}
        credential = urlsplit(self.url).netloc.rpartition("@")[0]
        if not credential and self.user:
            credential = quote(self.user, safe="")
        found = []
        for host, port in self.hosts or [("localhost", _DEFAULT_PORT)]:
            place = f"[{host}]" if ":" in host else host
            asked = urlencode({**query, "host": place, "port": port})
            at = f"{credential}@" if credential else ""
            found.append(Address(f"postgresql://{at}/{quote(self.database, safe='')}?{asked}"))
        return found

    def directory_url(self) -> str:
        """Return the URL under which SQLAlchemy finds the same database."""
        from sqlalchemy import URL  # noqa: PLC0415  # loaded by those who ask only

        query = {name: value for name, value in self.query.items() if name != "application_name"}
        query["target_session_attrs"] = self.target
        several: dict[str, tuple[str, ...] | str] = dict(query)
        if self.hosts:
            several["host"] = ",".join(host for host, _port in self.hosts)
            several["port"] = ",".join(port for _host, port in self.hosts)
        made = URL.create(
            "postgresql+psycopg",
            username=self.user or None,
            password=self.password or None,
            database=self.database,
            query=several,
        )
        return made.render_as_string(hide_password=False)


def _host_and_port(place: str, port: str = _DEFAULT_PORT) -> tuple[str, str]:
    place = unquote(place)
    if place.startswith("/"):
        return place, port
    if place.startswith("["):
        host, _, rest = place[1:].partition("]")
        return host, rest.removeprefix(":") or port
    host, _, given = place.partition(":")
    return host, given or port
