"""The database of a directory through SQLAlchemy: migrations, sessions, and what they change in the cache.

Whoever imports this loads SQLAlchemy. Everything here blocks, and belongs into the directory's thread.
"""

import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, Final, TypeVar

from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from idnode.registry.directory import plain
from idnode.registry.directory.cache import Cache
from idnode.registry.directory.changes import Changes, entries_of
from idnode.registry.directory.errors import DirectoryUnavailable
from idnode.registry.directory.migrations import migrate
from idnode.registry.directory.tables import ChangeCount

Result = TypeVar("Result")

_NOTICED: Final = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""Has a connection to a machine that is gone end soon, instead of in two hours."""


class Database:
    """Reads and writes a database, and has the cache follow; each call may raise `DirectoryUnavailable`."""

    def __init__(self, url: str, cache: Cache) -> None:
        self._cache = cache
        self._shared = plain.is_shared(url)
        self._seen = 0
        self._engine = _engine(url)
        self._latest: Any = None
        event.listen(self._engine, "connect", self._note)
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)

    def prepare(self) -> None:
        """Bring the tables up to date, and fill the cache; raises `SchemaTooNew`, too."""
        with _refusals():
            try:
                self._migrate()
            except OperationalError:
                # On a full disk SQLite cannot make the file that several processes would share beside a journal;
                # alone with the database it does without.
                if self._shared:
                    raise
                self._engine.dispose()
                event.listen(self._engine, "connect", _take_alone, insert=True)
                self._migrate()
            self._read_anew()

    def _migrate(self) -> None:
        with self._engine.connect() as connection:
            migrate(connection)

    def _read_anew(self) -> None:
        found = Cache()
        with self._sessions() as session:
            # First the number: what is changed while the rest is read has a later one.
            self._seen = session.scalar(select(ChangeCount.number)) or 0
            found.take(entries_of(session))
        self._cache.take_over(found)

    def follow(self) -> None:
        """Have the cache follow what other nodes have changed."""
        with _refusals():
            with self._sessions() as session:
                number = session.scalar(select(ChangeCount.number))
            if number != self._seen:
                self._read_anew()

    def read(self, work: Callable[[Session], Result]) -> Result:
        """Return what ``work`` makes of the database."""
        with _refusals(), self._sessions() as session:
            return work(session)

    def write(self, work: Callable[[Session], Result]) -> Result:
        """Carry out ``work`` as one transaction; an error that it raises undoes everything."""
        with _refusals():
            return self._write(work)

    def _write(self, work: Callable[[Session], Result]) -> Result:
        with self._sessions() as session, session.begin():
            count = self._locked_count(session) if self._shared else None
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
        self._cache.take(changes.entries, changes.gone)
        return result

    @staticmethod
    def _locked_count(session: Session) -> ChangeCount:
        """Return the count of changes, which no other node changes before this transaction ends."""
        return session.get_one(ChangeCount, 1, with_for_update=True)

    @contextmanager
    def sqlite(self) -> Iterator[sqlite3.Connection]:
        """Give SQLite's own connection while the block lasts; of a database in SQLite only."""
        with _refusals(), closing(self._engine.raw_connection()) as pooled:
            assert isinstance(pooled.driver_connection, sqlite3.Connection)
            yield pooled.driver_connection

    def read_anew(self) -> None:
        """Have the cache follow a change of the whole database."""
        with _refusals():
            self._read_anew()

    def _note(self, connection: Any, _record: object) -> None:
        self._latest = connection

    def drop(self) -> None:
        """Have whatever waits for the database fail as if the network were cut; for other threads."""
        with (
            suppress(Exception),  # it has ended meanwhile
            socket.socket(fileno=os.dup(self._latest.fileno())) as cut,
        ):
            cut.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()


@contextmanager
def _refusals() -> Iterator[None]:
    """Tell what SQLAlchemy raises as a refusal of the directory."""
    try:
        yield
    except DBAPIError as error:
        raise DirectoryUnavailable(f"The directory refused: {error.orig}") from error
    except SQLAlchemyError as error:
        raise DirectoryUnavailable(f"The directory refused: {error}") from error


def _engine(url: str) -> Engine:
    if plain.is_shared(url):
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
    plain.set_up(connection)


def _take_alone(connection: Any, _record: object) -> None:
    """Have SQLite keep in memory what it would share with other processes."""
    connection.execute("PRAGMA locking_mode=EXCLUSIVE").close()


def _begin_at_once(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN")
