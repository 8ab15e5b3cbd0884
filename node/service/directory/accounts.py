"""Accounts: who logs in, with a plain or a digested password, and what their tokens prove.

The digested password is ``hex(SHA256(inner + yyyy-MM-dd))`` with ``inner = hex(SHA256(password))``, so the
directory keeps ``inner`` (snms-api.md §4, A2). It proves knowledge of the password for a day at a time, and
whoever reads it out of the directory can log in with it.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from idnode.node.service.directory.refusals import LoginRefused, NotPermitted, Taken, TokenRefused
from idnode.registry.directory import orm
from idnode.registry.directory.states import Role

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from idnode.node.service.directory.tokens import Tokens
    from idnode.registry.directory.entries import AccountEntry
    from idnode.registry.directory.store import Directory
    from idnode.registry.handle.clock import Clock

CHINA: Final = timedelta(hours=8)
"""Asia/Shanghai is eight hours ahead of UTC, without summer time."""

DAYS_LOOKED_AT: Final = 8
"""Days around today for which a refused digest is tried, to say which date it bears."""

DAYS_OF_GRACE: Final = 1
"""Days by which the date of a digest may differ: clocks and zones of clients do, around midnight."""

_NOBODY: Final = hashlib.sha256(b"").hexdigest()


class NewAccount(NamedTuple):
    """Holds what an account is made from; ``inner`` as `inner_of` returns it.

    ``within`` is what the paths of its members begin with on the wire.
    """

    username: str
    inner: str
    email: str
    mobile: str
    open_id: str = ""
    open_username: str = ""
    remarks: str = ""
    within: str = ""


class Accounts:
    """Logs in, and knows whose token is whose."""

    def __init__(
        self,
        directory: Directory,
        tokens: Tokens,
        clock: Clock,
        *,
        days_of_grace: int = DAYS_OF_GRACE,
    ) -> None:
        self._days_of_grace = days_of_grace
        self._directory = directory
        self._tokens = tokens
        self._clock = clock

    def login(self, username: str, password: str) -> str:
        """Return a token for whoever knows the password.

        Raises:
            LoginRefused: No such account, or another password.

        """
        account = self._named(username)
        inner = account.inner if account else _NOBODY
        proven = hmac.compare_digest(inner_of(password), inner)
        if account is None or not proven:
            raise LoginRefused(_reason(account, password, days_around(self._clock.now())))
        return self._tokens.issue(account.id, self._clock.now())

    def login_digested(self, username: str, digest: str) -> str:
        """Return a token for whoever digested the password with today's date, or a day beside it.

        Raises:
            LoginRefused: No such account, another password, or a digest of another day.

        """
        account = self._named(username)
        inner = account.inner if account else _NOBODY
        proven = False
        sought = digest.encode(errors="replace").lower()
        for day in days_around(self._clock.now(), self._days_of_grace):
            proven |= hmac.compare_digest(digest_of(inner, day).encode(), sought)
        if account is None or not proven:
            raise self._digest_refused(account, sought)
        return self._tokens.issue(account.id, self._clock.now())

    def _digest_refused(self, account: AccountEntry | None, sought: bytes) -> LoginRefused:
        """Return a refusal that says what is wrong with a digest, as far as it can be told."""
        now = self._clock.now()
        inner = account.inner if account else _NOBODY
        days = days_around(now, DAYS_LOOKED_AT)
        today = days[DAYS_LOOKED_AT]
        fitting = [day for day in days if digest_of(inner, day).encode() == sought]
        if account is None:
            return LoginRefused("account")
        if fitting:
            return LoginRefused("date", date=fitting[0], today=today)
        if sought == inner.encode():
            return LoginRefused("undated")
        if inner_of(sought.decode(errors="replace")) == inner:
            return LoginRefused("plain")
        return LoginRefused("password")

    def _named(self, username: str) -> AccountEntry | None:
        return self._directory.cache.accounts_by_name.get(username)

    def of_token(self, token: str | None) -> AccountEntry:
        """Return the account that a token was issued to.

        Raises:
            TokenRefused: No token, none of ours, expired, or of an account that is gone.

        """
        if not token:
            raise TokenRefused("There is no token", "none")
        account = self._directory.cache.accounts.get(self._tokens.read(token, self._clock.now()))
        if account is None:
            raise TokenRefused("The account is gone", "gone")
        return account

    async def add(self, asking: AccountEntry, new: NewAccount) -> int:
        """Make an enterprise user and return its number.

        Raises:
            NotPermitted: Whoever asks is no administrator.
            Taken: The username, e-mail address or telephone number belongs to somebody.

        """
        require_admin(asking)
        now = int(self._clock.now())
        return await self._directory.write(lambda session: add_account(session, new, now))


def _reason(account: AccountEntry | None, password: str, days: list[str]) -> str:
    """Return why a plain password was refused; a digest of the right one is a common mistake."""
    if account is None:
        return "account"
    digests = {account.inner, *(digest_of(account.inner, day) for day in days)}
    return "digested" if password.lower() in digests else "password"


def require_admin(account: AccountEntry) -> None:
    """Insist on an administrator.

    Raises:
        NotPermitted: It is none.

    """
    if not account.is_admin:
        raise NotPermitted("Only an administrator may do this")


def add_account(session: Session, new: NewAccount, now: int, role: Role = Role.ENTERPRISE) -> int:
    """Make an account and return its number.

    Raises:
        Taken: The username, e-mail address or telephone number belongs to somebody.

    """
    for kind, field, column, name in (
        ("username", "userName", orm.Account.username, new.username),
        ("email", "email", orm.Account.email, new.email),
        ("mobile", "mobile", orm.Account.mobile, new.mobile),
    ):
        if exists(session, column == name):
            raise Taken(kind, name, new.within + field)
    account = orm.Account(
        username=new.username,
        inner=new.inner.lower(),
        role=role.value,
        email=new.email,
        mobile=new.mobile,
        open_id=new.open_id,
        open_username=new.open_username,
        remarks=new.remarks,
        created=now,
    )
    session.add(account)
    session.flush()
    return account.id


def exists(session: Session, condition: ColumnElement[bool]) -> bool:
    """Return whether an account meets a condition."""
    found = session.scalar(orm.select(orm.func.count()).select_from(orm.Account).where(condition))
    return bool(found)


def inner_of(password: str) -> str:
    """Return the lower-case hexadecimal SHA-256 of a password."""
    return hashlib.sha256(password.encode(errors="replace")).hexdigest()


def digest_of(inner: str, day: str) -> str:
    """Return the digested password of a day (``yyyy-MM-dd``)."""
    return hashlib.sha256((inner + day).encode()).hexdigest()


def days_around(now: float, grace: int = DAYS_OF_GRACE) -> list[str]:
    """Return the dates in China that a digest may bear, today's in the middle."""
    today = (datetime.fromtimestamp(now, UTC) + CHINA).date()
    span = range(-grace, grace + 1)
    return [(today + timedelta(days=days)).isoformat() for days in span]
