"""A fresh enterprise for one test, so that tests that run at once on one node do not see each other."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from idnode.node.testing.asking import NodeRefused, ask

if TYPE_CHECKING:
    from typing import Self

    from idnode.node.testing.node import Node

INDEX: Final = 2000
"""Index of the first attribute of a template."""


@dataclass(frozen=True, slots=True)
class Enterprise:
    """A prefix of its own on a node, and who may write under it."""

    node: Node
    prefix: str
    identity: str
    """``index:handle`` of who administers the prefix over the binary protocol and Handle JSON."""
    secret: str = field(repr=False)
    username: str
    """The SNMS account."""
    password: str = field(repr=False)
    mark: str
    """What is in its prefix and in the name of its account, and in nobody else's."""

    @classmethod
    def onboard(cls, node: Node) -> Self:
        """Take an enterprise with a random prefix aboard."""
        # Not the next free prefix: two workers that ask at once would be offered the same one.
        mark = str(secrets.randbelow(900_000_000) + 100_000_000)
        prefix, username, password = f"{node.prefix}.{mark}", f"test-{mark}", secrets.token_hex(12)
        wanted = {"name": username, "username": username, "password": password, "prefix": prefix}
        node.manage("POST", "/api/v1/enterprises", wanted)
        return cls(
            node=node,
            prefix=prefix,
            identity=f"301:0.NA/{prefix}",
            secret=sha256(password.encode()).hexdigest(),
            username=username,
            password=password,
            mark=mark,
        )

    def handle(self, suffix: str) -> str:
        """Return the handle with this suffix."""
        return f"{self.prefix}/{suffix}"

    @property
    def basic(self) -> str:
        """The ``Authorization`` header of the enterprise's administrator, for Handle JSON and bulk."""
        pair = f"{quote(self.identity, safe='')}:{self.secret}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    def token(self) -> str:
        """Return a new SNMS token of the enterprise's account."""
        account = {"username": self.username, "password": self.password}
        found = _data(ask(self.node.http, "POST", "/identity/token", account))
        return str(found["token"])

    def template(self, version: str, *attributes: str) -> None:
        """Make an SNMS template of text attributes, at indexes from 2000."""
        items = [
            {
                "name": name,
                "idType": name,
                "idIndex": index,
                "required": False,
                "metadata": {"type": "string", "minLength": 0, "maxLength": 255},
            }
            for index, name in enumerate(attributes, INDEX)
        ]
        template = {
            "prefix": self.prefix,
            "version": version,
            "type": 2,
            "description": version,
            "industryCategory": "C",
            "industrySpecific": "34",
            "industryTrade": "344",
            "industrySubclass": "3441",
            "items": items,
        }
        bearer = f"Bearer {self.token()}"
        _data(ask(self.node.http, "POST", "/snms/api/v5/template", template, authorization=bearer))

    def register(self, suffix: str, *values: tuple[int, str, str]) -> str:
        """Register an identifier with these values (index, type, data), or a URL, and return its handle."""
        handle = self.handle(suffix)
        given = values or ((1, "URL", "https://example.org/"),)
        body = [{"index": index, "type": kind, "data": data} for index, kind, data in given]
        path = f"/api/handles/{quote(handle)}"
        ask(self.node.http, "PUT", path, body, authorization=self.basic)
        return handle

    def handles(self) -> list[str]:
        """Return every handle that is registered under the prefix, in order."""
        found: list[str] = []
        cursor = ""
        while True:
            path = f"/api/v1/identifiers?prefix={quote(self.prefix)}{cursor}"
            page = ask(self.node.http, "GET", path, authorization=self.basic)
            found += page["handles"]
            if page["after"] is None:
                return sorted(found)
            cursor = f"&after={quote(page['after'])}"


def _data(answer: Any) -> Any:
    """Return the data of an SNMS answer, which is refused under HTTP 200."""
    if answer["status"] != 1:
        raise NodeRefused(200, f"{answer['status']} {answer['message']}")
    return answer["data"]
