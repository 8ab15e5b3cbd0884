"""Files the enterprises and prefixes of a secondary node at the national one, and polls what became of them.

It looks at the directory again and again, so that what could not be filed is filed later, also after a restart: what the
national node knows is asked for first. What it refuses is kept and shown, not filed again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from idnode.node.service.docking import epp
from idnode.node.service.docking.epp import Command, Response, read_response, write_command
from idnode.node.service.docking.senders import authorization_of
from idnode.node.service.errors import EppUnreadable
from idnode.registry.directory import orm

if TYPE_CHECKING:
    from collections.abc import Callable

    from idnode.registry.directory.store import Directory
    from idnode.registry.handle.certification.tokens import SigningKey
    from idnode.registry.handle.clock import Clock

PERIOD_SECONDS: Final = 1.0
REPORT_SECONDS: Final = 60.0
TIMEOUT_SECONDS: Final = 10.0
ANSWER_BYTES_MAX: Final = 1 << 20

_FORM: Final = {
    "entNameCn": "orgName",
    "entProvinceCode": "orgAddrProvince",
    "entCityCode": "orgAddrCity",
    "entCountyCode": "orgAddrCounty",
    "entAddrCn": "orgAddr",
    "entWebSite": "website",
    "entDesc": "orgDesc",
    "contact/name": "contactName",
    "contact/email": "contactEmail",
    "contact/phone": "contactPhone",
    "legalPerson/name": "legalName",
    "legalPerson/idType": "legalCrtType",
    "legalPerson/idNo": "legalCrtNo",
}
"""Field of a filing → field of the application that the enterprise sent (snms-api.md §8)."""

_log = logging.getLogger(__name__)


class Docking:
    """The filings of one secondary node. ``national`` is the URL of the national node's HTTP port."""

    def __init__(  # noqa: PLR0913  # called once, by the composition root
        self,
        national: str,
        prefix: str,
        key: SigningKey,
        directory: Directory,
        clock: Clock,
        *,
        report: Callable[[], dict[str, Any]],
    ) -> None:
        self.filed: dict[str, dict[str, str]] = {}
        """What became of each prefix: state, and the national node's words."""
        self._national = national
        self._prefix = prefix
        self._key = key
        self._directory = directory
        self._clock = clock
        self._report = report
        self._reported = float("-inf")
        self._number = 0
        self._turn = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.get_running_loop().create_task(self._keep())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _keep(self) -> None:
        while True:
            try:
                await self.once()
            except (aiohttp.ClientError, TimeoutError, EppUnreadable, OSError) as error:
                _log.debug("the national node cannot be reached: %s", error)
            await asyncio.sleep(PERIOD_SECONDS)

    async def once(self) -> None:
        """File what is not filed yet, take in what became of the rest, and report if it is time.

        Raises:
            ClientError: The national node cannot be reached.
            EppUnreadable: What answers there is not one.

        """
        async with self._turn:
            await self._once()

    async def _once(self) -> None:
        for entry in list(self._directory.cache.prefixes.values()):
            if entry.enabled and entry.name not in self.filed and "." in entry.name:
                await self._file(entry.name, entry.enterprise_id)
        await self._poll()
        if self._clock.elapsed() - self._reported >= REPORT_SECONDS:
            body = json.dumps(self._report()).encode()
            await self._send("/api/v1/reports", body, "application/json")
            self._reported = self._clock.elapsed()

    async def _file(self, prefix: str, enterprise_id: int) -> None:
        form = await self._form(enterprise_id)
        if form is None:
            return
        code, kind = str(form.get("orgCrtCode", "")), str(form.get("orgCrtType", "1"))
        asked = {"shrUserId": self._prefix, "entCrtType": kind, "entCrtCode": code}
        checked = await self._command("ent:check", asked)
        ent_id = checked.data.get("entId", "")
        if not ent_id:
            made = await self._command("ent:create", self._filing(form, code, kind))
            ent_id = made.data.get("entId", "")
            if not ent_id:
                self._note(prefix, "refused", made)
                return
        named = {"shrPrefix": self._prefix, "prefix": prefix}
        free = await self._command("prefix:check", named)
        if free.data.get("avail") != "1":
            self._note(prefix, "known" if free.code == epp.DONE else "refused", free)
            return
        filed = await self._command("prefix:create", {**named, "entId": ent_id})
        self._note(prefix, "filed" if filed.code in {epp.DONE, epp.PENDING} else "refused", filed)

    async def _poll(self) -> None:
        while (answer := await self._command("poll:req", {})).code == epp.MESSAGE:
            assert answer.queue is not None
            prefix = answer.data.get("prefix", "")
            passed = answer.data.get("auditResult") == "1"
            said = answer.data.get("auditResultMsg", "")
            self.filed[prefix] = {"state": "passed" if passed else "refused", "message": said}
            if not passed:
                _log.warning("the national node refused the prefix %s: %s", prefix, said)
            await self._command("poll:ack", {"msgID": answer.queue[1]})

    def _note(self, prefix: str, state: str, answer: Response) -> None:
        self.filed[prefix] = {"state": state, "message": answer.detail}

    def _filing(self, form: dict[str, Any], code: str, kind: str) -> dict[str, str]:
        fields = {"shrPrefix": self._prefix, "entType": "1", "entCrtType": kind, "entCrCode": code}
        return fields | {name: str(form[own]) for name, own in _FORM.items() if form.get(own)}

    async def _form(self, enterprise_id: int) -> dict[str, Any] | None:
        def work(session: Any) -> dict[str, Any] | None:
            found = session.get(orm.Enterprise, enterprise_id)
            return None if found is None else dict(found.form["entBasicInfo"])

        return await self._directory.read(work)

    async def _command(self, kind: str, fields: dict[str, str]) -> Response:
        self._number += 1
        command = Command(kind, fields, f"{self._prefix}-{self._number:06d}")
        return read_response(await self._send("/epp", write_command(command), epp.TYPE))

    async def _send(self, path: str, body: bytes, content_type: str) -> bytes:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout)
        authorization = authorization_of(self._prefix, self._key, body, self._clock.now())
        headers = {"Content-Type": content_type, "Authorization": authorization}
        async with self._session.post(self._national + path, data=body, headers=headers) as found:
            return await found.content.read(ANSWER_BYTES_MAX)
