"""An enterprise's application, and which of its files belong to it (snms-api.md §8, E1 and E2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idnode.node.service.directory.industry import check_industry, check_region
from idnode.node.service.directory.refusals import Absent, FieldRefused, PrefixElsewhere, Taken
from idnode.registry.directory import orm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from idnode.registry.directory.entries import AccountEntry
    from idnode.registry.directory.tables import Enterprise

_ENTERPRISE_CODE: Final = re.compile(r"[0-9]{1,20}")
_SYSTEMS: Final = frozenset({1, 2, 3, 4})
"""Kinds of deployment that every application names (snms-api.md §8)."""
_SERVED: Final = "entHostingAndIdentifyServeInfo.entInfoSerIndustries"


class Region(NamedTuple):
    """Region codes that lie in each other; ``field`` is what their paths start with on the wire."""

    field: str
    province: str
    city: str
    county: str | None


class Application(NamedTuple):
    """Holds what the rules look at, and the whole ``form`` as it is kept; ``files`` by number, with the member that names each."""

    name: str
    certificate: tuple[str, str]
    prefix: str
    industry: tuple[str, str]
    served_industries: Sequence[tuple[str, str, str, str]]
    regions: Sequence[Region]
    systems: Sequence[int]
    files: Mapping[int, str]
    form: Mapping[str, Any]


def check_application(application: Application, node_prefix: str) -> None:
    """Insist on what can be judged without the directory.

    Raises:
        FieldRefused: Codes that do not fit each other, or a deployment that is missing or repeated.
        PrefixElsewhere: The wanted prefix is not one that this node allots.

    """
    check_prefix(application.prefix, node_prefix)
    check_industry(*application.industry, within="entBasicInfo.")
    for place, codes in enumerate(application.served_industries):
        check_industry(*codes, within=f"{_SERVED}.{place}.")
    for region in application.regions:
        check_region(region.province, region.city, region.county, region.field)
    systems = application.systems
    if not set(systems) >= _SYSTEMS or len(set(systems)) < len(systems):
        kinds = "、".join(map(str, systems))
        wanted = "sysType为1、2、3、4的各一条，5可选"
        raise FieldRefused("entRegisterManageInfo.entInfoSyses", f"sysType {kinds}", wanted)


def check_prefix(prefix: str, node_prefix: str) -> None:
    """Insist on a prefix that this node allots: its own, a dot and up to 20 digits.

    Raises:
        PrefixElsewhere: It is none.

    """
    start, _, code = prefix.rpartition(".")
    if start != node_prefix or not _ENTERPRISE_CODE.fullmatch(code) or len(prefix) > 64:
        raise PrefixElsewhere(prefix, node_prefix)


def describe(session: Session, enterprise: Enterprise, application: Application, now: int) -> None:
    """Put an application into an enterprise's row.

    Raises:
        Taken: The certificate is another enterprise's.

    """
    kind, code = application.certificate
    found = session.scalar(
        orm.select(orm.Enterprise.id).where(
            orm.Enterprise.certificate_type == kind, orm.Enterprise.certificate_code == code
        )
    )
    if found is not None and found != enterprise.id:
        raise Taken("certificate", code, "entBasicInfo.orgCrtCode")
    enterprise.name = application.name
    enterprise.certificate_type = kind
    enterprise.certificate_code = code
    enterprise.form = dict(application.form)
    enterprise.updated = now


def insist_on_free_prefix(session: Session, name: str) -> None:
    """Insist on a prefix that nobody has.

    Raises:
        Taken: Somebody has it, or wants it.

    """
    if session.scalar(orm.select(orm.Prefix.id).where(orm.Prefix.name == name)) is not None:
        raise Taken("prefix", name, "entBasicInfo.entPrefix")


def link_files(
    session: Session, asking: AccountEntry, enterprise: Enterprise, files: Mapping[int, str]
) -> None:
    """Give files to an enterprise; a file belongs to one at most, and is of whoever asks.

    Raises:
        Absent: There is no such file of theirs.
        Taken: The file belongs to another enterprise.

    """
    for number in sorted(files):
        stored = session.get(orm.StoredFile, number)
        owners = {asking.id, enterprise.account_id}
        if stored is not None and stored.enterprise_id == enterprise.id:
            continue
        if stored is None or (not asking.is_admin and stored.account_id not in owners):
            raise Absent("file", number, files[number])
        if stored.enterprise_id is not None:
            raise Taken("file", number, files[number])
        stored.enterprise_id = enterprise.id
