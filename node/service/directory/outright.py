"""Prefixes and accounts that the operator of a node gives outright, without application and review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idnode.node.service.directory.accounts import add_account
from idnode.node.service.directory.applications import insist_on_free_prefix
from idnode.node.service.directory.refusals import Absent
from idnode.registry.directory import orm
from idnode.registry.directory.states import PrefixStatus, ProxyState, Role

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from idnode.node.service.directory.accounts import NewAccount
    from idnode.registry.directory.store import Directory


async def allot(
    directory: Directory, username: str, prefix: str, now: int, *, hosted: bool
) -> None:
    """Give a further prefix to the enterprise of an account; the register follows at the next `publish`.

    Raises:
        Absent: The account has no enterprise.
        Taken: Somebody has the prefix.

    """

    def work(session: Session) -> None:
        owner = (
            orm.select(orm.Enterprise)
            .join(orm.Enterprise.account)
            .where(orm.Account.username == username)
        )
        enterprise = session.scalar(owner)
        if enterprise is None:
            raise Absent("enterprise", username)
        insist_on_free_prefix(session, prefix)
        state = ProxyState.HOSTED if hosted else ProxyState.NOT_HOSTED
        fresh = orm.Prefix(
            name=prefix,
            enterprise_id=enterprise.id,
            status=PrefixStatus.ENABLED,
            proxy_state=state,
            settled=False,
            created=now,
            updated=now,
        )
        session.add(fresh)

    await directory.write(work)


async def put_account(directory: Directory, new: NewAccount, role: Role, now: int) -> None:
    """Make an account, or give the one of this name another password and role; an empty ``inner`` leaves it.

    Raises:
        Taken: The e-mail address or telephone number belongs to somebody.

    """

    def work(session: Session) -> None:
        account = session.scalar(
            orm.select(orm.Account).where(orm.Account.username == new.username)
        )
        if account is None:
            add_account(session, new, now, role)
            return
        account.role = role.value
        account.inner = new.inner or account.inner

    await directory.write(work)
