"""Life for a node that is to be pictured: requests that succeed, and some that are refused as real ones are."""

from __future__ import annotations

import asyncio
import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from itertools import count
from math import sin
from typing import TYPE_CHECKING, Any, Final

from idnode.clients.answer import Transport
from idnode.clients.blocking import Client
from idnode.clients.errors import ClientError
from idnode.clients.snms import Client as Snms
from idnode.clients.snms_requests import Account

if TYPE_CHECKING:
    from threading import Event

PREFIX: Final = "88.900.1"
NAMES: Final = ("gearbox-7", "gearbox-8", "pump-IS80", "valve-DN50", "齿轮箱-9")
APPLICANTS: Final = ("苏州示例轴承有限公司", "Suzhou Sample Pumps")

_ADMIN: Final = base64.b64encode(b"301%3A0.NA%2F88.900:idnode-demo").decode()
_WRONG: Final = base64.b64encode(b"301%3A0.NA%2F88.900:guess").decode()


def live(ready: dict[str, Any]) -> None:
    """Send a node requests of several kinds over several faces; applications wait if they are not approved by themselves."""
    asyncio.run(_apply(ready["http"]))
    http, admin = ready["http"], ready["admin"]
    for number, name in enumerate(NAMES):
        values = [
            {"index": 1, "type": "URL", "data": f"https://example.org/{number}"},
            {"index": 2, "type": "DESC", "data": "变速箱, Baureihe 7"},
            {"index": 100, "type": "HS_ADMIN", "data": {"format": "admin", "value": {
                "handle": f"0.NA/{PREFIX}", "index": 200, "permissions": "111111111111"}}},
        ]  # fmt: skip
        _send("PUT", f"{http}/api/handles/{PREFIX}/{urllib.parse.quote(name)}", values, _ADMIN)
    for name in ("gearbox-77", "pump-IS81"):
        _send("GET", f"{http}/api/handles/{PREFIX}/{name}")
    _send("PUT", f"{http}/api/handles/{PREFIX}/gearbox-9", [], _WRONG)
    _send("POST", f"{http}/identity/token", {"username": "demo", "password": "guess"})
    _send("POST", f"{http}/identityv2/data", {"handle": f"{PREFIX}/x"})
    for transport in (Transport.UDP, Transport.TCP):
        with Client(tuple(ready["handle_tcp"]), transport=transport) as client:
            for name in ("gearbox-7", "gearbox-70"):
                with suppress(ClientError):
                    client.resolve(f"{PREFIX}/{name}")
    for number, name in enumerate(APPLICANTS):
        new = {"name": name, "username": f"sample{number}", "password": "idnode-demo"}
        _send("POST", f"{admin}/api/v1/enterprises", new)


def keep_asking(ready: dict[str, Any], ended: Event) -> None:
    """Resolve over UDP, now more and now less, until it is ended."""
    with Client(tuple(ready["handle_tcp"]), transport=Transport.UDP) as client:
        for number in count():
            client.resolve(f"{PREFIX}/{NAMES[number % 4]}")
            if ended.wait(0.004 + 0.02 * (1 + sin(number / 60))):
                return


async def _apply(http: str) -> None:
    """Apply for a prefix as an enterprise does, with its documents."""
    async with Snms(http, Account("admin", "idnode-demo")) as client:
        files = [await client.upload(b"%PDF-1.4 sample", "sample.pdf") for _ in range(3)]
        await client.upgrade("admin", _form("88.900.7", "苏州示例齿轮厂", files))


def _form(prefix: str, name: str, files: list[int]) -> dict[str, Any]:
    place = {"deployAddrProvince": "320000", "deployAddrCity": "320500", "deployAddr": "示例路 1"}
    deployments = [{"sysType": kind, "deployMode": 1, **place} for kind in (1, 2, 3, 4)]
    basic = {
        "orgName": name, "orgNature": "2", "orgAddrProvince": "320000", "orgAddrCity": "320500",
        "orgAddr": "示例路 1", "orgCrtType": "1", "orgCrtCode": "91320500TEST000001",
        "orgCrtImgRid": files[0], "industryCategory": "C", "industrySpecific": "34",
        "website": "https://gear.example.org", "contactName": "张三", "contactCrtType": 1,
        "contactCrtNo": "320500000000000000", "contactEmail": "zhang@example.org",
        "contactPhone": "13900000000", "legalName": "李四", "legalCrtType": "1",
        "legalCrtNo": "320500000000000001", "legalCrtFrontImgRid": files[1],
        "legalCrtBackImgRid": files[2], "entPrefix": prefix,
    }  # fmt: skip
    manage = {"entInfoSyses": deployments, "servSysBuildType": 1, "servSysOperType": 2}
    return {"entBasicInfo": basic, "entRegisterManageInfo": manage}


def _send(method: str, url: str, body: Any = None, basic: str | None = None) -> None:
    headers = {"Content-Type": "application/json"}
    if basic is not None:
        headers["Authorization"] = f"Basic {basic}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310
    try:
        urllib.request.urlopen(request).close()  # noqa: S310
    except urllib.error.HTTPError as error:
        error.close()  # some are meant to be refused
