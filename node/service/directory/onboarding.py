"""Onboarding an enterprise: application, review, hosting or a server of its own (snms-api.md §3).

What happens to a prefix is decided in one transaction of the directory; the register follows in the same call.
A prefix stays marked as unsettled until it has, so that a crash between the two heals at the next start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idnode.node.service.directory.accounts import add_account, require_admin
from idnode.node.service.directory.applications import (
    check_application,
    describe,
    insist_on_free_prefix,
    link_files,
)
from idnode.node.service.directory.ownership import enabled_prefix, own_prefix
from idnode.node.service.directory.prefix_records import site_of
from idnode.node.service.directory.refusals import Absent, NotPermitted, PrefixNotReady
from idnode.registry.directory import orm
from idnode.registry.directory.states import PrefixStatus, ProxyState, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from idnode.node.service.directory.accounts import NewAccount
    from idnode.node.service.directory.applications import Application
    from idnode.node.service.directory.prefix_records import PrefixRecords
    from idnode.registry.directory.entries import AccountEntry, PrefixEntry
    from idnode.registry.directory.store import Directory
    from idnode.registry.directory.tables import Enterprise, Prefix
    from idnode.registry.handle.clock import Clock

PROXY_SERVER: Final = 1
"""Number of the only server that hosts prefixes: this node."""

NationalApproval = Callable[[str], bool | None]
"""What the national top-level node says about a prefix: yes, no, or None for not yet."""

_REPLACEABLE: Final = (PrefixStatus.WAITING, PrefixStatus.REJECTED)
_OPEN: Final = (PrefixStatus.WAITING, PrefixStatus.UNDER_REVIEW)


def approve_at_once(_prefix: str) -> bool | None:
    """Return the national top-level node's yes, as long as none is connected."""
    return True


class Rules(NamedTuple):
    """Describes how applications are treated."""

    node_prefix: str
    auto_approve: bool = True
    national: NationalApproval = approve_at_once


class Onboarding:
    """Applications and their reviews."""

    def __init__(
        self, directory: Directory, records: PrefixRecords, clock: Clock, rules: Rules
    ) -> None:
        self._directory = directory
        self._cache = directory.cache
        self._records = records
        self._clock = clock
        self._rules = rules
        self._settling = asyncio.Lock()

    async def apply(self, asking: AccountEntry, new: NewAccount, application: Application) -> int:
        """Make an account and its enterprise, and put its prefix up for review; return the enterprise.

        Raises:
            NotPermitted: Whoever asks is no administrator.
            RuleBroken: Something is taken, missing, or does not fit.

        """
        require_admin(asking)
        check_application(application, self._rules.node_prefix)
        now = int(self._clock.now())

        def work(session: Session) -> int:
            account_id = add_account(session, new, now)
            return self._enrol(session, asking, account_id, application, now)

        enterprise = await self._directory.write(work)
        await self._pass_if_automatic(application.prefix)
        return enterprise

    async def upgrade(self, asking: AccountEntry, username: str, application: Application) -> int:
        """Make or change the enterprise of an account; an administrator for anybody, others for themselves.

        Raises:
            NotPermitted: The account is somebody else's.
            RuleBroken: There is no such account, or something is taken or does not fit.

        """
        account = self._cache.accounts_by_name.get(username)
        if not asking.is_admin and (account is None or account.id != asking.id):
            raise NotPermitted(f"{username} is not you")
        if account is None:
            raise Absent("account", username, "username")
        check_application(application, self._rules.node_prefix)
        now = int(self._clock.now())
        account_id = account.id

        def work(session: Session) -> int:
            enterprise = session.scalar(
                orm.select(orm.Enterprise).where(orm.Enterprise.account_id == account_id)
            )
            if enterprise is None:
                return self._enrol(session, asking, account_id, application, now)
            describe(session, enterprise, application, now)
            link_files(session, asking, enterprise, application.files)
            _want_prefix(session, enterprise, application.prefix, now)
            return enterprise.id

        found = await self._directory.write(work)
        await self._pass_if_automatic(application.prefix)
        return found

    def _enrol(
        self,
        session: Session,
        asking: AccountEntry,
        account_id: int,
        application: Application,
        now: int,
    ) -> int:
        insist_on_free_prefix(session, application.prefix)
        enterprise = orm.Enterprise(account_id=account_id, created=now)
        describe(session, enterprise, application, now)
        session.add(enterprise)
        session.flush()
        link_files(session, asking, enterprise, application.files)
        _want_prefix(session, enterprise, application.prefix, now)
        return enterprise.id

    async def _pass_if_automatic(self, prefix: str) -> None:
        entry = self._cache.prefixes[prefix]
        if self._rules.auto_approve and entry.status is PrefixStatus.WAITING:
            await self.decide(prefix, approved=True)

    async def host(self, asking: AccountEntry, prefix: str, server: int) -> None:
        """Apply for this node to keep a prefix's identifiers.

        Raises:
            NotPermitted: The prefix is somebody else's.
            RuleBroken: It is not enabled, or there is no such server.

        """
        entry = enabled_prefix(self._cache, asking, prefix)
        if server != PROXY_SERVER:
            raise Absent("server", server, "proxyServerId")
        if entry.proxy_state is not ProxyState.HOSTED:
            await self._change(entry, proxy_state=ProxyState.APPLIED)
            if self._rules.auto_approve:
                await self.decide(prefix, approved=True)
        await self.publish()

    async def use_own_server(
        self, asking: AccountEntry, prefix: str, server: Mapping[str, Any]
    ) -> None:
        """Name the server that answers for a prefix; clients are sent there from now on.

        Raises:
            NotPermitted: The prefix is somebody else's.
            RuleBroken: It is not enabled, or the server cannot be reached like that.

        """
        entry = enabled_prefix(self._cache, asking, prefix)
        site_of(server)
        await self._change(
            entry, proxy_state=ProxyState.NOT_HOSTED, server=dict(server), settled=False
        )
        await self.publish()

    async def decide(self, prefix: str, *, approved: bool, reason: str = "") -> PrefixEntry:
        """Decide an open application: of an enterprise for its prefix, or of a prefix for hosting.

        Raises:
            Absent: There is no such prefix, or nothing of it waits for a decision.
            RegistryError: The register could not follow yet; it will at the next start at the latest.

        """
        entry = self._cache.prefixes.get(prefix)
        if entry is None:
            raise Absent("prefix", prefix)
        if entry.status in _OPEN:
            await self._decide_prefix(entry, approved=approved, reason=reason)
        elif entry.enabled and entry.proxy_state is ProxyState.APPLIED:
            state = ProxyState.HOSTED if approved else ProxyState.REJECTED
            await self._change(entry, proxy_state=state, reason=reason, settled=not approved)
        else:
            raise Absent("review", prefix)
        await self.publish()
        return self._cache.prefixes[prefix]

    async def _decide_prefix(self, entry: PrefixEntry, *, approved: bool, reason: str) -> None:
        status = PrefixStatus.REJECTED
        if approved:
            verdict = self._rules.national(entry.name)
            status = PrefixStatus.ENABLED if verdict else PrefixStatus.REJECTED
            if verdict is None:
                status = PrefixStatus.UNDER_REVIEW
        await self._change(
            entry, status=status, reason=reason, settled=status is not PrefixStatus.ENABLED
        )

    async def switch(self, prefix: str, *, enabled: bool) -> PrefixEntry:
        """Disable a prefix, or enable it again; disabled, it does not live here, and its identifiers rest.

        Raises:
            Absent: There is no such prefix.
            PrefixNotReady: It was never approved.
            RegistryError: The register could not follow yet.

        """
        entry = self._cache.prefixes.get(prefix)
        if entry is None:
            raise Absent("prefix", prefix)
        if entry.status not in {PrefixStatus.ENABLED, PrefixStatus.DISABLED}:
            raise PrefixNotReady(prefix, "enabled")
        status = PrefixStatus.ENABLED if enabled else PrefixStatus.DISABLED
        if entry.status is not status:
            await self._change(entry, status=status, settled=False)
        await self.publish()
        return self._cache.prefixes[prefix]

    async def _change(self, entry: PrefixEntry, **columns: Any) -> None:
        now = int(self._clock.now())

        def work(session: Session) -> None:
            row = session.get_one(orm.Prefix, entry.id)
            for name, value in columns.items():
                setattr(row, name, value)
            row.updated = now
            if row.proxy_state == ProxyState.HOSTED:
                _promote(session, row)

        await self._directory.write(work)

    async def publish(self) -> int:
        """Have the register follow every change that it has not followed yet; return how many there were.

        Raises:
            RegistryError: The register refused; what is left stays marked.

        """
        async with self._settling:
            waiting = [entry for entry in self._cache.prefixes.values() if not entry.settled]
            ready = [
                entry
                for entry in waiting
                if entry.status in {PrefixStatus.ENABLED, PrefixStatus.DISABLED}
            ]
            for entry in ready:
                owner = self._cache.accounts[entry.account_id]
                await self._records.follow(entry, owner.inner)
                await self._directory.write(partial(_settled, entry=entry))
        return len(ready)

    def visible(self, asking: AccountEntry, prefix: str) -> PrefixEntry:
        """Return a prefix that the account may look at.

        Raises:
            NotPermitted: It is somebody else's.
            Absent: There is none.

        """
        return own_prefix(self._cache, asking, prefix)


def _want_prefix(session: Session, enterprise: Enterprise, name: str, now: int) -> None:
    """Put a prefix of the enterprise up for review, or a new one; one in use is left alone."""
    rows = session.scalars(
        orm.select(orm.Prefix).where(orm.Prefix.enterprise_id == enterprise.id)
    ).all()
    row = next((each for each in rows if each.name == name), None)
    if row is None:
        insist_on_free_prefix(session, name)
        row = next((each for each in rows if each.status in _REPLACEABLE), None)
    if row is None:
        row = orm.Prefix(enterprise_id=enterprise.id, created=now)
        row.proxy_state = ProxyState.NOT_HOSTED
        session.add(row)
    elif row.status in {PrefixStatus.ENABLED, PrefixStatus.DISABLED, PrefixStatus.UNDER_REVIEW}:
        return
    row.name = name
    row.status = PrefixStatus.WAITING
    row.reason = ""
    row.settled = True
    row.updated = now


def _promote(session: Session, prefix: Prefix) -> None:
    """Make the owner of a hosted prefix a hosted user."""
    account = session.get_one(orm.Account, prefix.enterprise.account_id)
    if account.role == Role.ENTERPRISE:
        account.role = Role.HOSTED.value


def _settled(session: Session, entry: PrefixEntry) -> None:
    """Mark a prefix as followed, unless it was changed meanwhile."""
    row = session.get_one(orm.Prefix, entry.id)
    unchanged = (row.status, row.proxy_state, row.server) == (
        entry.status,
        entry.proxy_state,
        entry.server,
    )
    if unchanged:
        row.settled = True
