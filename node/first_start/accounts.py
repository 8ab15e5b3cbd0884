"""Lays what a node finds in its directory at each start: an administrator, and a demo enterprise.

Beside `node/first_start/prefixes.py`, which does the same in the register: the accounts ``admin`` (administrator)
and ``demo`` (hosted user of the demo enterprise's prefix) have the node's secret as their password.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idnode.node.service.directory.accounts import inner_of
from idnode.node.service.directory.enrolment import demo_form
from idnode.registry.directory import orm
from idnode.registry.directory.states import PrefixStatus, ProxyState, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from idnode.registry.directory.store import Directory
    from idnode.registry.directory.tables import Account
    from idnode.registry.handle.clock import Clock

ADMIN: Final = "admin"
DEMO: Final = "demo"
ENTERPRISE: Final = "示例企业"

_OWNER: Final = {"accounts": "account_id", "enterprises": "enterprise_id", "prefixes": "prefix_id"}
"""What rows that follow call the number of one in each table."""


async def prepare_directory(
    directory: Directory, clock: Clock, *, prefix: str | None, secret: str, keep_secret: bool
) -> None:
    """Make the accounts and the demo enterprise of ``prefix`` at the first start; without one, no enterprise.

    ``secret`` is their password then. At later starts it replaces the administrator's, and that of the demo
    account if it was the same, unless ``keep_secret``.

    Raises:
        DirectoryError: The database refused.

    """
    now = int(clock.now())
    inner = inner_of(secret)
    admin = directory.cache.accounts_by_name.get(ADMIN)
    if directory.untouched and admin is None:
        await directory.give(_first_rows(prefix, inner, now))
        return
    if not directory.shared and admin is not None and (keep_secret or admin.inner == inner):
        return

    def work(session: Session) -> None:
        admin = session.scalar(orm.select(orm.Account).where(orm.Account.username == ADMIN))
        if admin is None:
            _lay(session, prefix, inner, now)
        elif not keep_secret and admin.inner != inner:
            _replace(session, admin, inner)

    await directory.write(work)


def knows_password(directory: Directory, password: str) -> bool:
    """Return whether one of the accounts made here has this password."""
    inner = inner_of(password)
    accounts = directory.cache.accounts_by_name
    return any(name in accounts and accounts[name].inner == inner for name in (ADMIN, DEMO))


def _replace(session: Session, admin: Account, inner: str) -> None:
    demo = session.scalar(orm.select(orm.Account).where(orm.Account.username == DEMO))
    if demo is not None and demo.inner == admin.inner:
        demo.inner = inner
    admin.inner = inner


def _lay(session: Session, prefix: str | None, inner: str, now: int) -> None:
    """Lay what `_first_rows` has by way of objects; the database numbers them."""
    classes = {each.__tablename__: each for each in (orm.Account, orm.Enterprise, orm.Prefix)}
    owners: dict[str, int] = {}
    for table, values in _first_rows(prefix, inner, now):
        numbered = {name: owners.get(name, value) for name, value in values.items() if name != "id"}
        row = classes[table](**numbered)
        session.add(row)
        session.flush()
        owners[_OWNER[table]] = row.id


def _first_rows(prefix: str | None, inner: str, now: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows that a first start lays, each with the number that it has in an empty database."""
    yield "accounts", _account(1, ADMIN, Role.ADMIN, inner, now)
    if prefix is None:
        return
    yield "accounts", _account(2, DEMO, Role.HOSTED, inner, now)
    form = demo_form(ENTERPRISE, prefix)
    basic = form["entBasicInfo"]
    yield (
        "enterprises",
        {
            "id": 1,
            "account_id": 2,
            "name": ENTERPRISE,
            "certificate_type": basic["orgCrtType"],
            "certificate_code": basic["orgCrtCode"],
            "form": form,
            "created": now,
            "updated": now,
        },
    )
    yield (
        "prefixes",
        {
            "id": 1,
            "name": prefix,
            "enterprise_id": 1,
            "status": int(PrefixStatus.ENABLED),
            "proxy_state": int(ProxyState.HOSTED),
            "reason": "",
            "settled": True,
            "created": now,
            "updated": now,
        },
    )


def _account(number: int, username: str, role: Role, inner: str, now: int) -> dict[str, Any]:
    return {
        "id": number,
        "username": username,
        "inner": inner,
        "role": role.value,
        "email": f"{username}@example.org",
        "mobile": f"{number - 1:011}",
        "open_id": "",
        "open_username": "",
        "remarks": "",
        "created": now,
    }
