"""Enterprises over HTTP: E1 to E4 (snms-api.md §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idnode.node.faces.snms.forms import Form, KnownEnterprise, NewEnterprise
from idnode.node.faces.snms.pages import asked_page, shown_page
from idnode.node.faces.snms.reading import query_text, read_model
from idnode.node.faces.snms.texts import wrong_type
from idnode.node.faces.snms.times import shown_time
from idnode.node.service.directory.accounts import NewAccount, require_admin
from idnode.node.service.directory.applications import Application, Region

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.snms.exchange import SnmsServices
    from idnode.node.service.directory.enterprises import EnterpriseRow


class EnterpriseCalls:
    """The calls under ``/snms/api/v3/ent``."""

    def __init__(self, services: SnmsServices) -> None:
        self._services = services

    async def apply(self, request: web.Request) -> Any:
        """Make a user and its enterprise (E1)."""
        account = self._services.account(request)
        require_admin(account)
        form = await read_model(request, NewEnterprise)
        user = form.sysUser
        new = NewAccount(
            user.username,
            user.password,
            user.email,
            user.mobile,
            remarks=user.remarks or "",
            within="sysUser.",
        )
        await self._services.onboarding.apply(account, new, application_of(form))
        return True

    async def upgrade(self, request: web.Request) -> Any:
        """Make or change the enterprise of a user (E2)."""
        account = self._services.account(request)
        form = await read_model(request, KnownEnterprise)
        await self._services.onboarding.upgrade(account, form.username, application_of(form))
        return True

    async def page(self, request: web.Request) -> Any:
        """Return a page of enterprises (E3)."""
        account = self._services.account(request)
        asked = asked_page(request, name="orgName")
        return shown_page(await self._services.enterprises.page(account, asked), _shown)

    async def detail(self, request: web.Request) -> Any:
        """Return the application of an enterprise (E4)."""
        account = self._services.account(request)
        number = query_text(request, "id", 19)
        if not number.isascii() or not number.isdigit() or int(number) >= 1 << 63:
            raise wrong_type("id", number, "数字")
        return (await self._services.enterprises.one(account, int(number))).form


def _shown(row: EnterpriseRow) -> dict[str, Any]:
    basic = row.form["entBasicInfo"]
    return {
        "id": row.id,
        "orgName": row.name,
        "orgNature": basic["orgNature"],
        "orgCrtType": row.certificate[0],
        "orgCrtCode": row.certificate[1],
        "orgDesc": basic.get("orgDesc") or "",
        "website": basic.get("website") or "",
        "entGeneralId": row.general_id,
        "openIds": [row.open_id] if row.open_id else [],
        "createDate": shown_time(row.created),
        "updateDate": shown_time(row.updated),
    }


def application_of(form: Form) -> Application:
    """Return what the rules look at, beside the form as it is kept."""
    basic, manage, serve = (
        form.entBasicInfo,
        form.entRegisterManageInfo,
        form.entHostingAndIdentifyServeInfo,
    )
    own = (basic.orgAddrProvince, basic.orgAddrCity, basic.orgAddrCounty)
    regions = [Region("entBasicInfo.orgAddr", *own)]
    regions += [
        Region(
            f"entRegisterManageInfo.entInfoSyses.{place}.deployAddr",
            each.deployAddrProvince,
            each.deployAddrCity,
            each.deployAddrCounty,
        )
        for place, each in enumerate(manage.entInfoSyses)
        if each.deployAddrProvince and each.deployAddrCity
    ]
    served = (serve.entInfoSerIndustries if serve else None) or []
    return Application(
        name=basic.orgName,
        certificate=(basic.orgCrtType, basic.orgCrtCode),
        prefix=basic.entPrefix,
        industry=(basic.industryCategory, basic.industrySpecific),
        served_industries=[
            (
                each.industryCategory,
                each.industrySpecific,
                each.industryTrade,
                each.industrySubclass,
            )
            for each in served
        ],
        regions=regions,
        systems=[each.sysType for each in manage.entInfoSyses],
        files=_files(form),
        form=form.model_dump(
            mode="json",
            include={
                "entBasicInfo",
                "entRegisterManageInfo",
                "entHostingAndIdentifyServeInfo",
            },
        ),
    )


def _files(form: Form) -> dict[int, str]:
    """Return the numbers of all files that a form names, each with the path of a member that names it."""
    found: dict[int, str] = {}
    for within in ("entBasicInfo", "entRegisterManageInfo", "entHostingAndIdentifyServeInfo"):
        part = getattr(form, within)
        if part is None:
            continue
        for name in type(part).model_fields:
            number = getattr(part, name) if name.endswith("Rid") else None
            if number is not None:
                found.setdefault(number, f"{within}.{name}")
    return found
