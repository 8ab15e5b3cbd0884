"""An enterprise that the node's operator onboards, in one step: account, enterprise, prefix, hosting.

What an application would ask for beside name and prefix is filled in as the demo enterprise's; the operator
answers for it.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idnode.node.service.directory.accounts import NewAccount, inner_of
from idnode.node.service.directory.applications import Application
from idnode.node.service.directory.onboarding import PROXY_SERVER
from idnode.registry.directory.entries import AccountEntry
from idnode.registry.directory.states import PrefixStatus, ProxyState, Role

if TYPE_CHECKING:
    from idnode.node.service.directory.onboarding import Onboarding
    from idnode.registry.directory.cache import Cache

OPERATOR: Final = AccountEntry(id=0, username="", inner="", role=Role.ADMIN)
"""Who acts on the management port: an administrator without an account."""


_MARKS: Final = 10**8
"""Lowest number that marks a random enterprise; all of them have as many digits."""


class Enrolment(NamedTuple):
    """Names whom the operator onboards; without a prefix the next free one, ``hosted`` here or not."""

    name: str
    username: str
    password: str
    prefix: str = ""
    email: str = ""
    mobile: str = ""
    hosted: bool = True


async def enrol(
    onboarding: Onboarding, cache: Cache, node_prefix: str, wanted: Enrolment
) -> tuple[int, str]:
    """Onboard an enterprise and return its number and prefix.

    Raises:
        RuleBroken: Something is taken, or the prefix is not one that this node allots.
        RegistryError: The directory or the register refused.

    """
    prefix = wanted.prefix or next_prefix(cache, node_prefix)
    account = NewAccount(
        username=wanted.username,
        inner=inner_of(wanted.password),
        email=wanted.email or f"{wanted.username}@{prefix}.invalid",
        mobile=wanted.mobile or prefix,
    )
    form = demo_form(wanted.name, prefix, f"IDNODE-{prefix}"[:32])
    basic = form["entBasicInfo"]
    application = Application(
        name=wanted.name,
        certificate=(basic["orgCrtType"], basic["orgCrtCode"]),
        prefix=prefix,
        industry=(basic["industryCategory"], basic["industrySpecific"]),
        served_industries=(),
        regions=(),
        systems=(1, 2, 3, 4),
        files={},
        form=form,
    )
    number = await onboarding.apply(OPERATOR, account, application)
    if cache.prefixes[prefix].status is PrefixStatus.WAITING:
        await onboarding.decide(prefix, approved=True)
    if wanted.hosted and cache.prefixes[prefix].enabled:
        await onboarding.host(OPERATOR, prefix, PROXY_SERVER)
        if cache.prefixes[prefix].proxy_state is ProxyState.APPLIED:
            await onboarding.decide(prefix, approved=True)
    return number, prefix


class Onboarded(NamedTuple):
    """Everything a test needs of an enterprise of its own; ``secret`` is that of ``identity``."""

    prefix: str
    identity: str
    secret: str
    username: str
    password: str


async def enrol_random(onboarding: Onboarding, cache: Cache, node_prefix: str) -> Onboarded:
    """Onboard an enterprise with a prefix, account and password that nobody has had before.

    The prefix is not the next free one, which two who ask at once would be offered.

    Raises:
        RegistryError: The directory or the register refused.

    """
    mark = str(secrets.randbelow(9 * _MARKS) + _MARKS)
    prefix, username, password = f"{node_prefix}.{mark}", f"e{mark}", secrets.token_hex(12)
    wanted = Enrolment(f"示例企业 {mark}", username, password, prefix)
    await enrol(onboarding, cache, node_prefix, wanted)
    return Onboarded(prefix, f"301:0.NA/{prefix}", inner_of(password), username, password)


def next_prefix(cache: Cache, node_prefix: str) -> str:
    """Return the prefix behind the highest-numbered one that the node allotted."""
    start = node_prefix + "."
    codes = [int(name[len(start) :]) for name in cache.prefixes if name.startswith(start)]
    return f"{start}{max(codes, default=0) + 1}"


def demo_form(name: str, prefix: str, code: str = "91110000DEMO000001") -> dict[str, Any]:
    """Return an application with every required field, as the demo enterprise would have filled it in."""
    place = {"orgAddrProvince": "110000", "orgAddrCity": "110100", "orgAddrCounty": "110108"}
    deployments = [
        {
            "sysType": kind,
            "deployMode": 1,
            "deployAddrProvince": "110000",
            "deployAddrCity": "110100",
            "deployAddr": "示例路 1 号",
        }
        for kind in (1, 2, 3, 4)
    ]
    basic = {
        "orgName": name,
        "orgNature": "2",
        **place,
        "orgAddr": "示例路 1 号",
        "orgCrtType": "1",
        "orgCrtCode": code,
        "orgDesc": "idnode 的演示企业",
        "industryCategory": "C",
        "industrySpecific": "34",
        "website": "https://example.org",
        "contactName": "示例联系人",
        "contactCrtType": 1,
        "contactCrtNo": "000000000000000000",
        "contactEmail": "demo@example.org",
        "contactPhone": "00000000001",
        "legalName": "示例法人",
        "legalCrtType": "1",
        "legalCrtNo": "000000000000000000",
        "entPrefix": prefix,
    }
    return {
        "entBasicInfo": basic,
        "entRegisterManageInfo": {
            "entInfoSyses": deployments,
            "servSysBuildType": 1,
            "servSysOperType": 1,
        },
        "entHostingAndIdentifyServeInfo": None,
    }
