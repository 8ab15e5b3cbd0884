"""Filings of secondary nodes as a national node keeps them: enterprises, prefixes, and a queue of audit results for each.

All of it lies in the register, below a prefix that lives nowhere (``0.EPP``), so that it is as durable as identifiers. A
prefix that passes appears at once: its prefix handle refers to the secondary node that filed it.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from idnode.node.service.docking import epp
from idnode.node.service.docking.epp import Command, Response
from idnode.registry.fetching import fetched
from idnode.registry.handle import names, values
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.model import HandleValue
from idnode.registry.mutation import Create, Delete

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from idnode.registry.handle.clock import Clock
    from idnode.registry.mutation import Mutation
    from idnode.registry.register import Register

_OWN: Final = b"0.EPP/"
_CODE: Final = re.compile(r"\S{1,32}")
_NEEDED: Final = {
    "ent:check": ("shrUserId", "entCrtType", "entCrtCode"),
    "ent:create": ("shrPrefix", "entCrCode", "entNameCn"),
    "ent:update": ("entId",),
    "prefix:check": ("shrPrefix", "prefix"),
    "prefix:create": ("shrPrefix", "entId", "prefix"),
    "poll:req": (),
    "poll:ack": ("msgID",),
}
_PICTURES: Final = ("entCrtImg", "legalPerson/idImg")
"""Fields that are documents; that they came is noted, they are not kept."""

PASSED: Final = "1"
REFUSED: Final = "2"


class Filings:
    """Carries out the commands of secondary nodes; ``who`` is the prefix that a command's sender has."""

    def __init__(self, register: Register, clock: Clock) -> None:
        self._register = register
        self._clock = clock
        self._number = 0
        self._commands: dict[str, Callable[[str, Command], Coroutine[Any, Any, Response]]] = {
            "ent:check": self._check_enterprise,
            "ent:create": self._create_enterprise,
            "ent:update": self._update_enterprise,
            "prefix:check": self._check_prefix,
            "prefix:create": self._create_prefix,
            "poll:req": self._poll,
            "poll:ack": self._acknowledge,
        }

    async def carry_out(self, who: str, command: Command) -> Response:
        """Return the response to a command of a secondary node.

        Raises:
            RegistryError: The register took no writes.

        """
        known = self._commands.get(command.kind)
        if known is None:
            return self._answer(command, epp.UNKNOWN, detail=command.kind)
        missing = [name for name in _NEEDED[command.kind] if not command.fields.get(name)]
        if missing:
            return self._answer(command, epp.MISSING, detail=missing[0])
        named = command.fields.get("shrPrefix") or command.fields.get("shrUserId") or who
        if named != who:
            return self._answer(command, epp.NOT_AUTHORISED, detail=f"{named} is not {who}")
        return await known(who, command)

    async def enterprise(self, prefix: str) -> dict[str, Any] | None:
        """Return what was filed of the enterprise that a prefix belongs to."""
        filed = await self._read(b"PREFIX/" + prefix.encode())
        if filed is None or filed["auditResult"] != PASSED:
            return None
        found = await self._read(b"ENT/" + filed["entId"].encode())
        return None if found is None else {**found, "regTime": filed["filed"]}

    async def queued(self, who: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the messages that wait for a secondary node, the oldest first, each with its id."""
        start = names.fold(_OWN + b"MSG/" + who.encode() + b"/")
        page = await self._register.page(b"0.EPP", after=start, limit=1000)
        found = []
        for handle in page.handles:
            if not names.fold(handle).startswith(start):
                break
            message = await self._read(handle[len(_OWN) :])
            if message is not None:
                found.append((handle[len(start) :].decode(), message))
        return found

    async def _check_enterprise(self, who: str, command: Command) -> Response:
        del who
        kind, code = command.fields["entCrtType"], command.fields["entCrtCode"]
        known = await self._read(f"CRT/{kind}/{code}".encode())
        data = {"entId": "" if known is None else known["entId"]}
        return self._answer(command, epp.DONE, "ent:chkData", data)

    async def _create_enterprise(self, who: str, command: Command) -> Response:
        fields = dict(command.fields)
        kind, code = fields.get("entCrtType", "1"), fields["entCrCode"]
        by_code = f"CRT/{kind}/{code}".encode()
        if await self._read(by_code) is not None:
            return self._answer(command, epp.EXISTS, detail=code)
        ent_id = f"E-{self._next()}"
        for name in _PICTURES:
            if name in fields:
                fields[name] = f"{len(fields[name])} characters"
        await self._write(b"ENT/" + ent_id.encode(), fields | {"entId": ent_id, "shrPrefix": who})
        await self._write(by_code, {"entId": ent_id})
        return self._answer(command, epp.DONE, "ent:creData", {"entId": ent_id})

    async def _update_enterprise(self, who: str, command: Command) -> Response:
        place = b"ENT/" + command.fields["entId"].encode()
        known = await self._read(place)
        if known is None or known["shrPrefix"] != who:
            return self._answer(command, epp.ABSENT, detail=command.fields["entId"])
        changed = {
            name.removeprefix("chgAll/").removeprefix("chg/"): text
            for name, text in command.fields.items()
            if name.startswith(("chg/", "chgAll/")) and name.rpartition("/")[2] not in _PICTURES
        }
        await self._write(place, known | changed)
        return self._answer(command, epp.DONE)

    async def _check_prefix(self, who: str, command: Command) -> Response:
        prefix = command.fields["prefix"]
        free = await self._is_free(who, prefix)
        data = {"prefix": prefix, "avail": "1" if free else "0"}
        return self._answer(command, epp.DONE, "prefix:chkData", data)

    async def _is_free(self, who: str, prefix: str) -> bool:
        known = await self._read(b"PREFIX/" + prefix.encode())
        return _is_below(prefix, who) and (known is None or known["auditResult"] == REFUSED)

    async def _create_prefix(self, who: str, command: Command) -> Response:
        prefix, ent_id = command.fields["prefix"], command.fields["entId"]
        if not _is_below(prefix, who):
            return self._answer(command, epp.POLICY, detail=f"{prefix} is not below {who}")
        enterprise = await self._read(b"ENT/" + ent_id.encode())
        if enterprise is None:
            return self._answer(command, epp.ABSENT, detail=ent_id)
        if not await self._is_free(who, prefix):
            return self._answer(command, epp.EXISTS, detail=prefix)
        answer = self._answer(command, epp.DONE)
        refusal = _audit(enterprise, who)
        message = {
            "clTRID": command.client_id,
            "svTRID": answer.server_id,
            "entId": ent_id,
            "prefix": prefix,
            "state": "1",
            "auditResult": PASSED if refusal is None else REFUSED,
            "auditResultMsg": refusal or "审核通过",
            "filed": self._now(),
        }
        if refusal is None:
            await self._appear(who, prefix, enterprise["entNameCn"])
        await self._write(b"PREFIX/" + prefix.encode(), message)
        number = f"{int(self._clock.now() * 1000):014d}-{self._next()}"
        await self._write(f"MSG/{who}/{number}".encode(), message)
        return answer

    async def _appear(self, who: str, prefix: str, name: str) -> None:
        """Have a prefix handle at the top refer to the secondary node, as that node's own does."""
        above = await self._stored(names.prefix_handle(who.encode()))
        sites = [each for each in above if each.type in {"HS_SITE", "HS_SITE.PREFIX"}]
        found = [*sites, HandleValue(2, "DESC", name.encode(), ttl=300)]
        if sites:
            await self._submit(names.prefix_handle(prefix.encode()), values.pack(found))

    async def follow(self, who: str) -> None:
        """Have the prefixes of a secondary node refer to where it is now."""
        start = names.fold(_OWN + b"PREFIX/" + who.encode() + b".")
        after: bytes | None = start
        while after is not None:
            page = await self._register.page(b"0.EPP", after=after, limit=1000)
            for handle in page.handles:
                if not names.fold(handle).startswith(start):
                    return
                filed = await self._read(handle[len(_OWN) :])
                if filed is not None and filed["auditResult"] == PASSED:
                    enterprise = await self._read(b"ENT/" + filed["entId"].encode())
                    name = "" if enterprise is None else enterprise["entNameCn"]
                    await self._appear(who, filed["prefix"], name)
            after = page.after

    async def _poll(self, who: str, command: Command) -> Response:
        waiting = await self.queued(who)
        if not waiting:
            return self._answer(command, epp.NO_MESSAGES)
        number, message = waiting[0]
        date = message["filed"]
        data = {name: text for name, text in message.items() if name != "filed"}
        answer = self._answer(command, epp.MESSAGE, "prefix:resData", data)
        return Response(
            answer.code,
            answer.client_id,
            answer.server_id,
            answer.kind,
            data,
            (len(waiting), number),
            date,
        )

    async def _acknowledge(self, who: str, command: Command) -> Response:
        waiting = await self.queued(who)
        number = command.fields["msgID"]
        if number not in {each for each, _ in waiting}:
            return self._answer(command, epp.ABSENT, detail=number)
        handle = _OWN + f"MSG/{who}/{number}".encode()
        await self._carry_out(Delete(handle))
        left = [each for each, _ in waiting if each != number]
        answer = self._answer(command, epp.DONE)
        queue = (len(left), left[0] if left else "")
        return Response(answer.code, answer.client_id, answer.server_id, queue=queue)

    def _answer(
        self,
        command: Command,
        code: int,
        kind: str = "",
        data: dict[str, str] | None = None,
        detail: str = "",
    ) -> Response:
        server_id = f"idnode-{self._next()}"
        return Response(code, command.client_id, server_id, kind, data or {}, detail=detail)

    def _next(self) -> str:
        """Return a number that no other filing has."""
        self._number += 1
        return f"{int(self._clock.now() * 1000)}{self._number:04d}"

    def _now(self) -> str:
        moment = datetime.fromtimestamp(self._clock.now(), UTC)
        return moment.isoformat(timespec="seconds").replace("+00:00", "Z")

    async def _stored(self, handle: bytes) -> tuple[HandleValue, ...]:
        stored = await fetched(partial(self._register.lookup, handle))
        return () if stored is None else values.unpack(stored.values)

    async def _read(self, place: bytes) -> dict[str, Any] | None:
        found = await self._stored(_OWN + place)
        return json.loads(found[0].data) if found else None

    async def _write(self, place: bytes, content: dict[str, Any]) -> None:
        data = json.dumps(content, ensure_ascii=False).encode()
        packed = values.pack([HandleValue(1, "JSON", data, permissions=0x0C)])
        await self._submit(_OWN + place, packed)

    async def _submit(self, handle: bytes, packed: bytes) -> None:
        dated, _ = values.dated(packed, int(self._clock.now()))
        await self._carry_out(Create(handle, dated, overwrite=True))

    async def _carry_out(self, mutation: Mutation) -> None:
        (outcome,) = await self._register.submit((mutation,))
        if isinstance(outcome, RegistryError):
            raise outcome


def _is_below(prefix: str, who: str) -> bool:
    return prefix.startswith(f"{who}.") and len(prefix) <= 64


def _audit(enterprise: dict[str, Any], who: str) -> str | None:
    """Return why a prefix does not pass, if it does not."""
    if enterprise["shrPrefix"] != who:
        return "企业已由其他二级节点备案"
    if not _CODE.fullmatch(enterprise["entCrCode"]):
        return "证件号码不应含空白，且不超过 32 位"
    return None
