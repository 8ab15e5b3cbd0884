"""The directory as everybody else sees it: transactions in one thread, and a cache that needs none.

Blocking work happens in the directory's own thread, one piece after the other, so what a transaction checks
stays true until it commits. What requests ask all the time is answered from `Directory.cache`.

A database that is no file may be shared by several nodes. Their transactions come one after the other, too, since each
locks one row (`ChangeCount`), which counts the changes of what nodes keep in memory: who finds a number there that is
not its own reads everything anew, before its next change or within a second.

A database in a file is made and read without SQLAlchemy (`plain.py`), which is loaded when first there is work for it,
or once a node has started.
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from idnode.registry.directory import plain
from idnode.registry.directory.cache import Cache
from idnode.registry.directory.errors import DirectoryBusy, DirectoryUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session

    from idnode.registry.directory.database import Database

Result = TypeVar("Result")

WAITING_MAX: Final = 512
"""Most pieces of work that wait for the thread; further ones are refused at once."""

_SQLITE: Final = "sqlite:///"

_SHARED_SECONDS: Final = 15.0
"""Longest wait for a database on another machine; what was begun there goes on, over a connection that is dropped."""

_GIVING_UP_SECONDS: Final = 0.1
"""Time from giving work up to dropping its connection."""


class Directory:
    """Accounts, enterprises, prefixes, files, templates and daily volumes. Made by `open`."""

    def __init__(self, url: str) -> None:
        self.cache = Cache()
        self.shared = plain.is_shared(url)
        """Whether other nodes may change it, too."""
        self._url = url
        self._file = _file_of(url)
        self._waiting = 0
        self._finished = 0
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="directory")
        self._database: Database | None = None

    @classmethod
    async def open(cls, url: str) -> Directory:
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
        entries = None if self._file is None else plain.prepare(self._file)
        if entries is None:
            self._loaded.prepare()
        else:
            self.cache.take(entries)

    @property
    def _loaded(self) -> Database:
        """The database through SQLAlchemy; asked in the directory's thread, which loads it the first time."""
        if self._database is None:
            from idnode.registry.directory.database import Database  # noqa: PLC0415  # slow

            self._database = Database(self._url, self.cache)
        return self._database

    async def load(self) -> None:
        """Have SQLAlchemy loaded before anybody waits for it; the directory's thread stays free."""
        await asyncio.to_thread(import_module, "idnode.registry.directory.database")

    async def give(self, rows: plain.Rows) -> None:
        """Insert first rows into a database in a file that nobody has worked with yet, all or none.

        Raises:
            DirectoryBusy: Too much work waits.
            DirectoryUnavailable: The database refused.

        """
        await self._run(lambda: self._give(rows))

    def _give(self, rows: plain.Rows) -> None:
        assert self._file is not None
        self.cache.take(plain.insert(self._file, rows))

    @property
    def untouched(self) -> bool:
        """Return whether `give` may be asked: the database is in a file, and SQLAlchemy had no need to open it."""
        return self._file is not None and self._database is None

    async def read(self, work: Callable[[Session], Result]) -> Result:
        """Return what ``work`` makes of the database; it must hand out plain data.

        Raises:
            DirectoryBusy: Too much work waits.
            DirectoryUnavailable: The database refused.

        """
        return await self._run(lambda: self._loaded.read(work))

    async def write(self, work: Callable[[Session], Result]) -> Result:
        """Carry out ``work`` as one transaction, and have the cache follow; return its (plain) result.

        An error that ``work`` raises undoes everything and comes out. The work is carried through even if
        whoever waits for it is cancelled.

        Raises:
            DirectoryBusy: Too much work waits.
            DirectoryUnavailable: The database refused; nothing was changed.

        """
        return await self._run(lambda: self._loaded.write(work))

    @property
    def copies(self) -> bool:
        """Return whether the database can be copied and restored while it is open."""
        return not self.shared

    async def copy(self, target: Path) -> None:
        """Copy the database as it is now into a new file, durably.

        Raises:
            DirectoryBusy: Too much work waits.
            DirectoryUnavailable: The database refused.

        """
        await self._run(lambda: self._copy(target))

    def _copy(self, target: Path) -> None:
        with self._connection() as connection:
            plain.copy(connection, target)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Give a connection to the database in a file: SQLAlchemy's if it has one, which may be the only one."""
        if self._file is not None and self._database is None:
            with plain.connected(self._file) as connection:
                yield connection
        else:
            with self._loaded.sqlite() as connection:
                yield connection

    async def restore(self, source: Path) -> None:
        """Have the database be what it was when it was copied into a file, in one transaction.

        Raises:
            DirectoryBusy: Too much work waits.
            DirectoryUnavailable: The database refused.

        """
        await self._run(lambda: self._restore(source))

    def _restore(self, source: Path) -> None:
        with self._connection() as connection:
            plain.restore(connection, source)
        entries = plain.prepare(self._file) if self.untouched and self._file is not None else None
        if entries is None:
            self._loaded.read_anew()
        else:
            restored = Cache()
            restored.take(entries)
            self.cache.take_over(restored)

    async def follow(self) -> None:
        """Have the cache follow what other nodes have changed.

        Raises:
            DirectoryBusy: Too much work waits.
            DirectoryUnavailable: The database refused.

        """
        await self._run(self._follow)

    def _follow(self) -> None:
        self._loaded.follow()

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= WAITING_MAX:
            raise DirectoryBusy("Too much work waits for the directory")
        self._waiting += 1
        finished = self._finished
        try:
            loop = asyncio.get_running_loop()
            done = loop.run_in_executor(self._executor, self._counted, work)
        except BaseException:
            self._waiting -= 1
            raise
        done.add_done_callback(self._one_less)
        try:
            async with asyncio.timeout(_SHARED_SECONDS if self.shared else None):
                return await asyncio.shield(done)
        except TimeoutError as error:
            done.cancel()  # what waits behind other work is not begun any more
            # Who asked with it and waits behind it gives up first, so that none of that is begun.
            loop.call_later(_GIVING_UP_SECONDS, self._drop_stuck, finished)
            raise DirectoryUnavailable("The directory's database does not answer") from error
        except sqlite3.Error as error:
            raise DirectoryUnavailable(f"The directory refused: {error}") from error

    def _counted(self, work: Callable[[], Result]) -> Result:
        try:
            return work()
        finally:
            self._finished += 1

    def _drop_stuck(self, finished: int) -> None:
        """Drop the connection if nothing was finished meanwhile: the thread would wait for a dead machine."""
        if self._database is not None and self._finished == finished:
            self._database.drop()

    def _one_less(self, done: asyncio.Future[Any]) -> None:
        self._waiting -= 1
        if not done.cancelled():
            done.exception()

    async def close(self) -> None:
        """Finish what waits and let the database go; again is harmless."""
        ending = asyncio.ensure_future(asyncio.to_thread(self._executor.shutdown, wait=True))
        finished = self._finished
        while self.shared and not (await asyncio.wait({ending}, timeout=_SHARED_SECONDS))[0]:
            self._drop_stuck(finished)
            finished = self._finished
        await ending
        if self._database is not None:
            self._database.close()


def sqlite_url(path: Path) -> str:
    """Return the URL of a database in a file."""
    return f"{_SQLITE}{path}"


def _file_of(url: str) -> Path | None:
    """Return the file that a URL names, None if it says more than that, or is of another database."""
    name = url.removeprefix(_SQLITE)
    plainly = url.startswith(_SQLITE) and name and "?" not in name
    return Path(name) if plainly and not name.startswith((":", "file:")) else None
