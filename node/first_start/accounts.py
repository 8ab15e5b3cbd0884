"""Lays what a node finds in its directory at each start: an administrator, and a demo enterprise.

Beside `node/first_start/prefixes.py`, which does the same in the register: the accounts ``admin`` (administrator)
and ``demo`` (hosted user of the demo enterprise's prefix) have the node's secret as their password.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from idnode.node.service.directory.accounts import NewAccount, add_account, inner_of
from idnode.node.service.directory.enrolment import demo_form
from idnode.registry.directory.states import PrefixStatus, ProxyState, Role
from idnode.registry.directory.tables import Account, Enterprise, Prefix

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from idnode.registry.directory.store import Directory
    from idnode.registry.handle.clock import Clock

ADMIN: Final = "admin"
DEMO: Final = "demo"
ENTERPRISE: Final = "示例企业"


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

    def work(session: Session) -> None:
        admin = session.scalar(select(Account).where(Account.username == ADMIN))
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
    demo = session.scalar(select(Account).where(Account.username == DEMO))
    if demo is not None and demo.inner == admin.inner:
        demo.inner = inner
    admin.inner = inner


def _lay(session: Session, prefix: str | None, inner: str, now: int) -> None:
    admin = NewAccount(ADMIN, inner, "admin@example.org", "00000000000")
    add_account(session, admin, now, Role.ADMIN)
    if prefix is None:
        return
    demo = NewAccount(DEMO, inner, "demo@example.org", "00000000001")
    account_id = add_account(session, demo, now, Role.HOSTED)
    form = demo_form(ENTERPRISE, prefix)
    basic = form["entBasicInfo"]
    enterprise = Enterprise(
        account_id=account_id,
        name=ENTERPRISE,
        certificate_type=basic["orgCrtType"],
        certificate_code=basic["orgCrtCode"],
        form=form,
        created=now,
        updated=now,
    )
    enterprise.prefixes.append(
        Prefix(
            name=prefix,
            status=PrefixStatus.ENABLED,
            proxy_state=ProxyState.HOSTED,
            settled=True,
            created=now,
            updated=now,
        )
    )
    session.add(enterprise)
