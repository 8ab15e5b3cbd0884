"""The directory as everybody else sees it: transactions in one thread, and a cache that needs none.

Blocking work happens in the directory's own thread, one piece after the other, so what a transaction checks
stays true until it commits. What requests ask all the time is answered from `Directory.cache`.

A database that is no file may be shared by several nodes. Their transactions come one after the other, too, since each
locks one row (`ChangeCount`), which counts the changes of what nodes keep in memory: who finds a number there that is
not its own reads everything anew, before its next change or within a second.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from idnode.registry.directory.cache import Cache, Changes
from idnode.registry.directory.errors import DirectoryBusy, DirectoryUnavailable
from idnode.registry.directory.migrations import migrate
from idnode.registry.directory.tables import ChangeCount

Result = TypeVar("Result")

WAITING_MAX: Final = 512
"""Most pieces of work that wait for the thread; further ones are refused at once."""

_BUSY_MILLISECONDS: Final = 5000

_SHARED_SECONDS: Final = 15.0
"""Longest wait for a database on another machine; what was begun there goes on."""

_NOTICED: Final = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""Has a connection to a machine that is gone end soon, instead of in two hours."""


class Directory:
    """Accounts, enterprises, prefixes, files, templates and daily volumes. Made by `open`."""

    def __init__(self, url: str) -> None:
        self.cache = Cache()
        self.shared = not url.startswith("sqlite")
        """Whether other nodes may change it, too."""
        self._seen = 0
        self._waiting = 0
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="directory")
        self._engine = _engine(url)
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)

    @classmethod
    async def open(cls, url: str) -> "Directory":
        """Open the database at a SQLAlchemy URL, bring its tables up to date and fill the cache.

        Raises:
            DirectoryUnavailable: The database refused.
            SchemaTooNew: A later version of this software has written there.

        """
        directory = cls(url)
        try:
            await directory._run(directory._prepare)
        except BaseException:
            await directory.close()
            raise
        return directory

    def _prepare(self) -> None:
        try:
            self._migrate()
        except OperationalError:
            # On a full disk SQLite cannot make the file that several processes would share beside a journal;
            # alone with the database it does without.
            if not self._alone():
                raise
            self._migrate()
        self._read_anew()

    def _read_anew(self) -> None:
        found = Cache()
        with self._sessions() as session:
            # First the number: what is changed while the rest is read has a later one.
            self._seen = session.scalar(select(ChangeCount.number)) or 0
            found.load(session)
        self.cache.take_over(found)

    def _migrate(self) -> None:
        with self._engine.connect() as connection:
            migrate(connection)

    def _alone(self) -> bool:
        """Open a SQLite database anew, for this process only; returns False for any other database."""
        if self._engine.dialect.name != "sqlite":
            return False
        self._engine.dispose()
        event.listen(self._engine, "connect", _take_alone, insert=True)
        return True

    async def read(self, work: Callable[[Session], Result]) -> Result:
        """Return what ``work`` makes of the database; it must hand out plain data.

        Raises:
            DirectoryBusy: Too much work waits.
            DirectoryUnavailable: The database refused.

        """
        return await self._run(lambda: self._read(work))

    async def write(self, work: Callable[[Session], Result]) -> Result:
        """Carry out ``work`` as one transaction, and have the cache follow; return its (plain) result.

        An error that ``work`` raises undoes everything and comes out. The work is carried through even if
        whoever waits for it is cancelled.

        Raises:
            DirectoryBusy: Too much work waits.
            DirectoryUnavailable: The database refused; nothing was changed.

        """
        return await self._run(lambda: self._write(work))

    @property
    def copies(self) -> bool:
        """Return whether the database can be copied and restored while it is open."""
        return self._engine.dialect.name == "sqlite"

    async def copy(self, target: Path) -> None:
        """Copy the database as it is now into a new file, durably.

        Raises:
            DirectoryBusy: Too much work waits.
            DirectoryUnavailable: The database refused.

        """
        await self._run(lambda: self._copy(target))

    def _copy(self, target: Path) -> None:
        with closing(self._engine.raw_connection()) as pooled:
            pooled.cursor().execute("VACUUM INTO ?", (str(target),))
        with target.open("rb+") as file:
            os.fsync(file.fileno())

    async def restore(self, source: Path) -> None:
        """Have the database be what it was when it was copied into a file, in one transaction.

        Raises:
            DirectoryBusy: Too much work waits.
            DirectoryUnavailable: The database refused.

        """
        await self._run(lambda: self._restore(source))

    def _restore(self, source: Path) -> None:
        with (
            closing(sqlite3.connect(source)) as copied,
            closing(self._engine.raw_connection()) as pooled,
        ):
            assert isinstance(pooled.driver_connection, sqlite3.Connection)
            copied.backup(pooled.driver_connection)
        self._read_anew()

    async def follow(self) -> None:
        """Have the cache follow what other nodes have changed.

        Raises:
            DirectoryBusy: Too much work waits.
            DirectoryUnavailable: The database refused.

        """
        await self._run(self._follow)

    def _follow(self) -> None:
        with self._sessions() as session:
            number = session.scalar(select(ChangeCount.number))
        if number != self._seen:
            self._read_anew()

    def _read(self, work: Callable[[Session], Result]) -> Result:
        with self._sessions() as session:
            return work(session)

    def _write(self, work: Callable[[Session], Result]) -> Result:
        with self._sessions() as session, session.begin():
            count = self._locked_count(session) if self.shared else None
            changes = Changes(session)
            result = work(session)
            changes.read()
            before = 0 if count is None else count.number
            if count is not None and (changes.entries or changes.gone):
                count.number += 1
        if count is not None and before != self._seen:
            self._read_anew()
            return result
        self._seen = 0 if count is None else count.number
        self.cache.take(changes)
        return result

    @staticmethod
    def _locked_count(session: Session) -> ChangeCount:
        """Return the count of changes, which no other node changes before this transaction ends."""
        return session.get_one(ChangeCount, 1, with_for_update=True)

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= WAITING_MAX:
            raise DirectoryBusy("Too much work waits for the directory")
        self._waiting += 1
        try:
            done = asyncio.get_running_loop().run_in_executor(self._executor, work)
        except BaseException:
            self._waiting -= 1
            raise
        done.add_done_callback(self._one_less)
        try:
            async with asyncio.timeout(_SHARED_SECONDS if self.shared else None):
                return await asyncio.shield(done)
        except TimeoutError as error:
            raise DirectoryUnavailable("The directory's database does not answer") from error
        except sqlite3.Error as error:
            raise DirectoryUnavailable(f"The directory refused: {error}") from error
        except DBAPIError as error:
            raise DirectoryUnavailable(f"The directory refused: {error.orig}") from error
        except SQLAlchemyError as error:
            raise DirectoryUnavailable(f"The directory refused: {error}") from error

    def _one_less(self, done: "asyncio.Future[Any]") -> None:
        self._waiting -= 1
        if not done.cancelled():
            done.exception()

    async def close(self) -> None:
        """Finish what waits and let the database go; again is harmless."""
        await asyncio.to_thread(self._executor.shutdown, wait=True)
        self._engine.dispose()


def sqlite_url(path: Path) -> str:
    """Return the URL of a database in a file."""
    return f"sqlite:///{path}"


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        noticed = _NOTICED if url.startswith("postgresql") else {}
        return create_engine(
            url, pool_size=1, max_overflow=0, pool_pre_ping=True, connect_args=noticed
        )
    # One thread works with the connection; another one may close it at the end.
    engine = create_engine(url, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_at_once)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    """Have SQLite keep foreign keys and wait for locks, and leave transactions to us."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_MILLISECONDS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _take_alone(connection: Any, _record: object) -> None:
    """Have SQLite keep in memory what it would share with other processes."""
    connection.execute("PRAGMA locking_mode=EXCLUSIVE").close()


def _begin_at_once(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN")
