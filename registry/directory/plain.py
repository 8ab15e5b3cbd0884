"""A directory in SQLite without SQLAlchemy: made, read into the cache, given its first rows, copied, put back.

That is all a start does, of which importing SQLAlchemy would take a third. Databases of today's version only:
migrations, and work on the rows, are SQLAlchemy's.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from idnode.registry.directory.cache import Entry
from idnode.registry.directory.entries import (
    AccountEntry,
    ItemEntry,
    PrefixEntry,
    TemplateEntry,
    required_among,
)
from idnode.registry.directory.states import PrefixStatus, ProxyState, Role

SCHEMA: Final = Path(__file__).with_name("schema.sql")
"""What all migrations make of an empty database; `migrations.py` writes it."""

VERSION: Final = 3
"""Version of the tables that `SCHEMA` makes."""

Rows = Iterable[tuple[str, Mapping[str, Any]]]
"""Rows to be inserted: the table, and the values of the columns, objects as such."""

_BUSY_MILLISECONDS: Final = 5000

_TEMPLATES: Final = """
    SELECT t.id, p.name, t.version, t.kind, t.description, t.industry_category, t.industry_specific,
           t.industry_trade, t.industry_subclass, t.details, t.created, t.updated
    FROM templates t JOIN prefixes p ON p.id = t.prefix_id"""
_ITEMS: Final = """
    SELECT template_id, id, name, id_type, id_index, required, enabled, min_length, max_length, details
    FROM template_items ORDER BY template_id, id_index"""
_PREFIXES: Final = """
    SELECT p.id, p.name, e.account_id, p.enterprise_id, p.status, p.proxy_state, p.settled, p.server
    FROM prefixes p JOIN enterprises e ON e.id = p.enterprise_id"""


def set_up(connection: sqlite3.Connection) -> None:
    """Have SQLite keep foreign keys and wait for locks, and leave transactions to us."""
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_MILLISECONDS}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def prepare(path: Path) -> list[Entry] | None:
    """Make the tables if there are none, and return everything that the cache has.

    None if the tables are of another version, or the database refuses: then SQLAlchemy tells, or mends it.
    """
    try:
        with _transaction(path) as connection:
            if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
                for statement in SCHEMA.read_text().splitlines():
                    connection.execute(statement)
            (version,) = connection.execute("SELECT max(version) FROM schema_versions").fetchone()
            return list(_entries(connection)) if version == VERSION else None
    except sqlite3.Error:
        return None


def insert(path: Path, rows: Rows) -> list[Entry]:
    """Insert rows, all or none, and return everything that the cache has; raises `sqlite3.Error`."""
    with _transaction(path) as connection:
        for table, values in rows:
            columns = ", ".join(f'"{name}"' for name in values)
            places = ", ".join("?" * len(values))
            given = [
                json.dumps(each) if isinstance(each, dict) else each for each in values.values()
            ]
            # Names of tables and columns are those of the code that calls.
            connection.execute(f'INSERT INTO "{table}" ({columns}) VALUES ({places})', given)  # noqa: S608
        return list(_entries(connection))


def copy(connection: sqlite3.Connection, target: Path) -> None:
    """Copy a database as it is now into a new file, durably; raises `sqlite3.Error`."""
    connection.execute("VACUUM INTO ?", (str(target),))
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def restore(connection: sqlite3.Connection, source: Path) -> None:
    """Have a database be what it was when it was copied, in one transaction; raises `sqlite3.Error`."""
    with closing(sqlite3.connect(source)) as copied:
        copied.backup(connection)


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database while the block lasts; raises `sqlite3.Error`."""
    with closing(sqlite3.connect(path)) as connection:
        set_up(connection)
        yield connection


@contextmanager
def _transaction(path: Path) -> Iterator[sqlite3.Connection]:
    with connected(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")  # what is closed without is undone


def _entries(connection: sqlite3.Connection) -> Iterator[Entry]:
    for number, username, inner, role in connection.execute(
        'SELECT id, username, "inner", role FROM accounts'
    ):
        yield AccountEntry(number, username, inner, Role(role))
    for (
        number,
        name,
        account,
        enterprise,
        status,
        proxy_state,
        settled,
        server,
    ) in connection.execute(_PREFIXES):
        yield PrefixEntry(
            *(number, name, account, enterprise, PrefixStatus(status), ProxyState(proxy_state)),
            settled=bool(settled),
            server=_object(server),
        )
    items: dict[int, dict[int, ItemEntry]] = {}
    for (
        template,
        number,
        name,
        id_type,
        index,
        required,
        enabled,
        low,
        high,
        details,
    ) in connection.execute(_ITEMS):
        item = ItemEntry(
            *(number, name, id_type, index, bool(required), bool(enabled), low, high),
            details=_object(details),
        )
        items.setdefault(template, {})[index] = item
    for (
        number,
        prefix,
        version,
        kind,
        text,
        *industry,
        details,
        created,
        updated,
    ) in connection.execute(_TEMPLATES):
        own = items.get(number, {})
        yield TemplateEntry(
            *(number, prefix, version, kind, text, tuple(industry), own, required_among(own)),
            details=_object(details),
            created=created,
            updated=updated,
        )


def _object(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def is_shared(url: str) -> bool:
    """Return whether a URL names a database that several nodes may work with."""
    return not url.startswith("sqlite")
