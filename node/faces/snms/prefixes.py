"""Prefixes over HTTP: P1 to P3 (snms-api.md §8)."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from idnode.node.faces.snms.forms import Configuration
from idnode.node.faces.snms.pages import asked_page, shown_page
from idnode.node.faces.snms.reading import query_text, read_model
from idnode.node.faces.snms.texts import missing, wrong
from idnode.node.faces.snms.times import shown_time

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.snms.exchange import SnmsServices
    from idnode.node.faces.snms.forms import PrefixConfiguration
    from idnode.node.service.directory.enterprises import PrefixRow

HDL_TYPE: Final = "HS_SITE"


class PrefixCalls:
    """The calls under ``/snms/api/prefix``, and ``/snms/api/ent/config``."""

    def __init__(self, services: SnmsServices) -> None:
        self._services = services

    async def query(self, request: web.Request) -> Any:
        """Return a prefix (P1)."""
        account = self._services.account(request)
        name = query_text(request, "prefix", 64)
        self._services.onboarding.visible(account, name)
        row = await self._services.enterprises.prefix(name)
        basic = row.enterprise.form["entBasicInfo"]
        site = basic.get("website") or ""
        return {
            "prefix": row.name,
            "createDate": shown_time(row.created),
            "ghrName": self._services.registry_name,
            "status": int(row.status),
            "entNameCn": row.enterprise.name,
            "entWebSite": site,
            "entSite": site,
            "entIndustry": basic["industryCategory"] + basic["industrySpecific"],
            "entAddrCn": basic["orgAddr"],
            "entDesc": basic.get("orgDesc") or "",
        }

    async def page(self, request: web.Request) -> Any:
        """Return a page of prefixes (P2)."""
        account = self._services.account(request)
        asked = asked_page(request, name="entName", prefix="entPrefix")
        return shown_page(await self._services.enterprises.prefixes(account, asked), _shown)

    async def configure(self, request: web.Request) -> Any:
        """Have a prefix hosted here, or name the server that answers for it (P3)."""
        account = self._services.account(request)
        found = await read_model(request, Configuration)
        wanted = found.entPrefixConfig
        onboarding = self._services.onboarding
        if found.proxyServerId is not None:
            await onboarding.host(account, wanted.entPrefix, found.proxyServerId)
        else:
            await onboarding.use_own_server(account, wanted.entPrefix, _server(wanted))
        return True


def _server(wanted: PrefixConfiguration) -> dict[str, str]:
    """Return the server that a configuration names.

    Raises:
        ParameterRefused: Something of it is missing, or the address is none of its kind.

    """
    for name in ("hdlType", "ip", "ipType"):
        if not getattr(wanted, name):
            raise missing(f"entPrefixConfig.{name}")
    if wanted.hdlType != HDL_TYPE:
        raise wrong("entPrefixConfig.hdlType", wanted.hdlType, "HS_SITE，这是唯一支持的类型")
    if _ip_type(wanted.ip or "") != wanted.ipType:
        raise wrong("entPrefixConfig.ip", wanted.ip, "与ipType一致的IP地址")
    if not (wanted.tcpPort or wanted.udpPort or wanted.httpPort):
        raise missing("entPrefixConfig.tcpPort", "tcpPort、udpPort、httpPort至少填一个")
    return wanted.model_dump(exclude={"entPrefix"}, exclude_none=True)


def _ip_type(text: str) -> str:
    try:
        return str(ip_address(text).version)
    except ValueError:
        return ""


def _shown(row: PrefixRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "createDate": shown_time(row.created),
        "updateDate": shown_time(row.updated),
        "entPrefix": row.name,
        "entprefix": row.name,
        "entId": row.enterprise.id,
        "state": int(row.status == 1),
        "entName": row.enterprise.name,
        "proxyState": int(row.proxy_state),
    }
