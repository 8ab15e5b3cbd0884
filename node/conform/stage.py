"""The stage of a case: a node that has what the case needs, behaves as it says, and tells what it was asked.

All goes over the management port of a running node. Nothing of other users' is touched but the faults and the clock,
which are one for the whole node.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from idnode.clients.answer import Question
from idnode.clients.idhub_answers import MetadataItem, MetadataTemplate
from idnode.clients.idhub_blocking import Client as IdhubClient
from idnode.clients.idhub_requests import ApplicationIdentity
from idnode.clients.web_blocking import Client as WebClient
from idnode.clients.web_requests import Credential
from idnode.node.conform.case import Face
from idnode.node.conform.evidence import Request
from idnode.node.conform.filling import (
    administrator,
    expected_of,
    fault_of,
    filled,
    objects_of,
    values_of,
)
from idnode.node.conform.relay import Relay
from idnode.registry.handle.proofs.private_keys import decode_private_key
from idnode.registry.handle.proofs.signatures import sign
from idnode.registry.handle.wire.constants import ResponseCode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from idnode.node.conform.case import Case
    from idnode.node.conform.evidence import Expected, Values

TEMPLATE: Final = "conform"
"""Version of the SNMS template that identifiers of cases have."""

ATTRIBUTES: Final = ((2000, "name"), (2001, "model"))
_ATTRIBUTE_TYPES: Final = frozenset(kind for _index, kind in ATTRIBUTES)
_PAGE: Final = 1_000
_NODES_OWN: Final = frozenset(("HS_ADMIN", "HS_SIGNATURE"))
_FOREIGN: Final = ("88.900.1", "88.900")
"""Prefixes that a node has from the start; the first one that is not the run's own is not for its enterprise."""


@dataclass(frozen=True, slots=True)
class Place:
    """Tells where the faces of a node are."""

    host: str
    port: int
    http: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A case that is ready: what the client is told, what is right, and where its entries in the journal begin."""

    task: Mapping[str, Any]
    expected: Expected
    handles: tuple[str, ...]
    after: int
    moved: bool
    """Whether faults or the clock have to be put back."""


class Stage:
    """One run's place on a node: an enterprise of its own, unless one is given, and whatever its cases need."""

    def __init__(
        self,
        ask: Callable[[str, str, Any], Any],
        place: Place,
        enterprise: Mapping[str, Any] | None = None,
    ) -> None:
        self._ask = ask
        self.place = place
        self._relay = Relay((place.host, place.port))
        self._enterprise: Mapping[str, Any] = enterprise or ask(
            "POST", "/api/v1/enterprises", {"random": True}
        )
        self._runs = 0
        self._template = False
        self._metadata: str | None = None
        self._mode = str(ask("GET", "/api/v1/journal?limit=0", None)["mode"])
        if self._mode != "all":
            ask("PUT", "/api/v1/journal/mode", {"mode": "all"})

    @property
    def prefix(self) -> str:
        """The prefix of the run's enterprise."""
        return str(self._enterprise["prefix"])

    def close(self) -> None:
        """Leave the node as it was, but for the enterprise of the run and its identifiers."""
        self._relay.close()
        self._clear()
        if self._mode != "all":
            self._ask("PUT", "/api/v1/journal/mode", {"mode": self._mode})

    def prepare(self, case: Case) -> Prepared:
        """Give the node what a case needs."""
        self._runs += 1
        names = self._names(case)
        if case.face is Face.SNMS:
            self._give_template()
        if case.face is Face.IDHUB:
            names["{metadata}"] = self._give_metadata()
        data = filled(case.model_dump(mode="json"), names)
        records = {handle: values_of(rows) for handle, rows in data["records"].items()}
        if records:
            self._ask("POST", "/api/v1/fixtures", {"identifiers": self._given(case, records)})
        if case.clock is not None:
            self._ask("POST", "/api/v1/clock", {"set": case.clock})
        handles = tuple(data["task"]["handles"])
        faults = [
            fault_of(each, f"{case.id}-{number}", case.face, handles)
            for number, each in enumerate(data["faults"], 1)
        ]
        if faults:
            self._ask("PUT", "/api/v1/faults", {"faults": faults, "seed": 1})
        after = int(self._ask("GET", "/api/v1/journal?limit=0", None)["last"])
        expected = expected_of(data, records)
        task = self._task(case, data, expected)
        moved = bool(faults) or case.clock is not None
        return Prepared(task, expected, handles, after, moved)

    def collect(self, prepared: Prepared) -> tuple[tuple[Request, ...], dict[str, Values | None]]:
        """Return the requests of a case and what became of its handles; faults and clock are put back."""
        entries: list[int] = []
        after = prepared.after
        while True:
            page = self._ask("GET", f"/api/v1/journal?after={after}&limit={_PAGE}", None)["items"]
            entries += [each["number"] for each in page]
            if len(page) < _PAGE:
                break
            after = entries[-1]
        kept = (
            entries if len(entries) <= _PAGE else [*entries[: _PAGE // 2], *entries[-_PAGE // 2 :]]
        )
        requests = tuple(
            Request(self._ask("GET", f"/api/v1/journal/{number}", None)) for number in kept
        )
        if prepared.moved:
            self._clear()
        of_template = prepared.task["face"] in {Face.SNMS, Face.IDHUB}
        return requests, {
            handle: self._record(handle, of_template=of_template)
            for handle in prepared.expected.state
        }

    def _clear(self) -> None:
        self._ask("DELETE", "/api/v1/faults", None)
        self._ask("POST", "/api/v1/clock", {"reset": True})

    def _names(self, case: Case) -> dict[str, str]:
        mark = f"{case.id}-{self._runs}{secrets.token_hex(2)}"
        return {
            "{handle}": f"{self.prefix}/{mark}",
            "{second}": f"{self.prefix}/{mark}-b",
            "{third}": f"{self.prefix}/{mark}-c",
            "{prefix}": self.prefix,
            "{foreign}": f"{next(each for each in _FOREIGN if each != self.prefix)}/{mark}",
            "{host}": self.place.host,
            "{port}": str(self.place.port),
            "{other_port}": str(self._relay.port),
            "{sm2}": f"{self.prefix}/sm2-{self._runs}",
        }

    def _given(self, case: Case, records: Mapping[str, Values]) -> list[dict[str, Any]]:
        given = []
        for handle, values in records.items():
            rows: list[dict[str, Any]] = [
                {"index": index, "type": kind, "data": data} for index, kind, data in values
            ]
            if case.task.identity == "sm2":
                rows.append(administrator(f"{self.prefix}/sm2-{self._runs}"))
            given.append({"handle": handle, "values": rows})
        if case.task.identity == "sm2":
            key = {"index": 300, "type": "HS_PUBKEY", "data": key_text("sm2.public.pem")}
            given.append({"handle": f"{self.prefix}/sm2-{self._runs}", "values": [key]})
        return given

    def _task(self, case: Case, data: Mapping[str, Any], expected: Expected) -> dict[str, Any]:
        task = dict(data["task"])
        now = case.now or self._ask("GET", "/api/v1/clock", None)["time"]
        told: dict[str, Any] = {
            "case": case.id,
            "face": case.face,
            "say": {"en": case.en, "zh": case.zh},
            "operation": task["operation"],
            "handles": task["handles"],
            "handle": task["handles"][0] if task["handles"] else None,
            "host": self.place.host,
            "port": self.place.port,
            "url": self.place.http,
            "credentials": self._credentials(case),
            "now": now,
            "seconds": case.seconds,
            "expect": {"outcome": expected.outcome},
        }
        for name in ("types", "indexes", "session"):
            if task[name]:
                told[name] = task[name]
        for name in ("values", "items"):
            if task[name]:
                told[name] = objects_of(task[name], items=name == "items")
        if case.face is Face.SNMS:
            told["template"] = TEMPLATE
        if case.face is Face.IDHUB:
            told["template"] = self._metadata
        return told

    def _credentials(self, case: Case) -> dict[str, Any] | None:
        enterprise = self._enterprise
        if case.face is Face.IDHUB:
            return {
                "application": f"{self.prefix}/App_conform",
                "private_key": key_text("rsa.pem"),
            }
        if case.face is Face.SNMS:
            return {"username": enterprise["username"], "password": enterprise["password"]}
        if case.task.identity == "sm2":
            handle = f"{self.prefix}/sm2-{self._runs}"
            return {"index": 300, "handle": handle, "private_key": key_text("sm2.pem")}
        if case.task.identity == "nobody":
            return None
        index, _, handle = str(enterprise["identity"]).partition(":")
        secret = enterprise["secret"] if case.task.identity == "enterprise" else "not-the-secret"
        return {"index": int(index), "handle": handle, "secret": secret}

    def _give_template(self) -> None:
        if self._template:
            return
        items = [
            {"name": kind, "type": kind, "index": index, "required": False}
            for index, kind in ATTRIBUTES
        ]
        template = {"prefix": self.prefix, "version": TEMPLATE, "items": items}
        self._ask("POST", "/api/v1/fixtures", {"templates": [template]})
        self._template = True

    def _give_metadata(self) -> str:
        """Return the metadata template of the run; the application of its cases makes it."""
        if self._metadata is not None:
            return self._metadata
        handle = f"{self.prefix}/App_conform"
        key = {"index": 300, "type": "HS_PUBKEY", "data": key_text("rsa.public.pem")}
        given = {"identifiers": [{"handle": handle, "values": [key]}]}
        self._ask("POST", "/api/v1/fixtures", given)
        items = tuple(MetadataItem(kind, kind) for _index, kind in ATTRIBUTES)
        private: Any = decode_private_key(key_text("rsa.pem").encode())
        identity = ApplicationIdentity(handle, lambda data: sign(private, "SHA256", data))
        with IdhubClient(self.place.http, identity) as client:
            code = f"{TEMPLATE}{self.prefix.rpartition('.')[2]}"
            self._metadata = client.create_template(MetadataTemplate(code, TEMPLATE, items))
            client.publish(self._metadata)
        return self._metadata

    def _record(self, handle: str, *, of_template: bool) -> Values | None:
        """Return the values of a record as its administrator sees them, None if there is no record.

        Of an identifier with a template the attributes count, and not what says which template it is.
        """
        index, _, name = str(self._enterprise["identity"]).partition(":")
        credential = Credential(int(index), name, self._enterprise["secret"])
        with WebClient(self.place.http, credential) as client:
            answer = client.query(Question.of(handle))
        if answer.response_code not in {ResponseCode.SUCCESS, ResponseCode.VALUES_NOT_FOUND}:
            return None
        return tuple(
            (each.index, each.type, each.data.decode(errors="replace"))
            for each in answer.values
            if (each.type in _ATTRIBUTE_TYPES if of_template else each.type not in _NODES_OWN)
        )


def key_text(name: str) -> str:
    """Return a key that everybody knows, in PEM: keys of cases prove nothing to anybody else."""
    return (files("idnode.node.conform") / "keys" / name).read_text(encoding="ascii")
