"""From one form of the tables to the next, in order, each in a transaction of its own.

A migration is written once and never changed: it says how the tables looked then, not how they look now, so
it names its own columns. `tests/unit/registry/directory` holds the result against `tables.py`. A tool such as
Alembic would bring a folder of scripts and a configuration for what is one list here.

``python -m idnode.registry.directory.migrations > registry/directory/schema.sql`` writes what all of them make of an
empty SQLite database, for those who make one without SQLAlchemy (`plain.py`).
"""

import re
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    MetaData,
    StaticPool,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    func,
    insert,
    select,
    text,
)

from idnode.registry.directory.errors import SchemaTooNew

Migration = Callable[[Connection], None]

_versions = Table(
    "schema_versions", MetaData(), Column("version", Integer, primary_key=True, autoincrement=False)
)


def _required(name: str, kind: Any, *more: Any, **options: Any) -> Column[Any]:
    return Column(name, kind, *more, nullable=False, **options)


def _number() -> Any:
    """Return the type of keys: SQLite numbers rows by itself only in a column that is called INTEGER."""
    return BigInteger().with_variant(Integer, "sqlite")


def _key() -> Column[Any]:
    return Column("id", _number(), primary_key=True)


def _first(connection: Connection) -> None:
    """Make the tables."""
    tables = MetaData()
    big = BigInteger
    Table(
        "accounts",
        tables,
        _key(),
        _required("username", String(50), unique=True),
        _required("inner", String(64)),
        _required("role", String(16)),
        _required("email", String(255), unique=True),
        _required("mobile", String(255), unique=True),
        _required("open_id", String(64)),
        _required("open_username", String(255)),
        _required("remarks", String),
        _required("created", big),
    )
    Table(
        "enterprises",
        tables,
        _key(),
        _required("account_id", _number(), ForeignKey("accounts.id"), unique=True),
        _required("name", String(255), index=True),
        _required("certificate_type", String(1)),
        _required("certificate_code", String(32)),
        _required("form", JSON),
        _required("created", big, index=True),
        _required("updated", big),
        UniqueConstraint("certificate_type", "certificate_code"),
    )
    Table(
        "prefixes",
        tables,
        _key(),
        _required("name", String(64), unique=True),
        _required("enterprise_id", _number(), ForeignKey("enterprises.id"), index=True),
        _required("status", Integer, index=True),
        _required("proxy_state", Integer, index=True),
        _required("reason", String(255)),
        Column("server", JSON),
        _required("settled", Boolean),
        _required("created", big, index=True),
        _required("updated", big),
    )
    _first_files_and_volumes(tables)
    _first_templates(tables)
    tables.create_all(connection)


def _first_files_and_volumes(tables: MetaData) -> None:
    big = BigInteger
    Table(
        "files",
        tables,
        _key(),
        _required("path", String(64), unique=True),
        _required("account_id", _number(), ForeignKey("accounts.id")),
        Column("enterprise_id", _number(), ForeignKey("enterprises.id"), index=True),
        _required("media_type", String(64)),
        _required("bytes", big),
        _required("created", big),
    )
    Table(
        "day_volumes",
        tables,
        Column("prefix", String(255), primary_key=True),
        Column("day", Integer, primary_key=True, autoincrement=False, index=True),
        _required("registrations", big),
        _required("resolutions", big),
    )


def _first_templates(tables: MetaData) -> None:
    big = BigInteger
    Table(
        "templates",
        tables,
        _key(),
        _required("prefix_id", _number(), ForeignKey("prefixes.id")),
        _required("version", String(128)),
        _required("kind", Integer),
        _required("description", String),
        _required("industry_category", String(8)),
        _required("industry_specific", String(8)),
        _required("industry_trade", String(8)),
        _required("industry_subclass", String(8)),
        _required("created", big),
        _required("updated", big),
        UniqueConstraint("prefix_id", "version"),
    )
    Table(
        "template_items",
        tables,
        _key(),
        _required("template_id", _number(), ForeignKey("templates.id"), index=True),
        _required("name", String(255)),
        _required("id_type", String(128)),
        _required("id_index", big),
        _required("required", Boolean),
        _required("enabled", Boolean),
        _required("min_length", big),
        _required("max_length", big),
        UniqueConstraint("template_id", "id_index"),
        UniqueConstraint("template_id", "id_type"),
        UniqueConstraint("template_id", "name"),
    )


def _metadata(connection: Connection) -> None:
    """Give templates what metadata templates have besides, and make the tables of their identifiers."""
    for table in ("templates", "template_items"):
        connection.execute(text(f"ALTER TABLE {table} ADD COLUMN details JSON"))
    tables = MetaData()
    big = BigInteger
    Table(
        "instances",
        tables,
        Column("key", String(255), primary_key=True),
        _required("handle", String(255)),
        _required("metadata_handle", String(255), index=True),
        _required("creator", String(255)),
        _required("created", big),
        _required("updated", big),
    )
    Table(
        "unique_values",
        tables,
        Column("metadata_handle", String(255), primary_key=True),
        Column("item_index", big, primary_key=True, autoincrement=False),
        Column("digest", String(64), primary_key=True),
        _required("key", String(255), index=True),
    )
    Table(
        "messages",
        tables,
        _key(),
        _required("recipient", String(255), index=True),
        _required("title_type", Integer),
        _required("type", Integer),
        _required("detail", String),
        _required("created", big),
    )
    Table(
        "object_files",
        tables,
        _key(),
        _required("path", String(64), unique=True),
        _required("metadata_handle", String(255)),
        _required("field", String(128)),
        _required("creator", String(255)),
        _required("bytes", big),
        _required("created", big),
    )
    tables.create_all(connection)


def _change_count(connection: Connection) -> None:
    """Make the row by which nodes on one database follow each other's changes."""
    changes = Table(
        "change_count",
        MetaData(),
        Column("id", Integer, primary_key=True, autoincrement=False),
        _required("number", BigInteger),
    )
    changes.create(connection)
    connection.execute(insert(changes).values(id=1, number=0))


MIGRATIONS: Final[tuple[Migration, ...]] = (_first, _metadata, _change_count)
"""Number n leads from version n to version n + 1; an empty database is at version 0."""


def version_of(connection: Connection) -> int:
    """Return the version of the tables in a database, 0 for an empty one."""
    _versions.create(connection, checkfirst=True)
    found = connection.scalar(select(func.max(_versions.c.version)))
    return int(found or 0)


def pending(connection: Connection, migrations: tuple[Migration, ...]) -> int:
    """Return the number of the next migration, or that of migrations when all are done.

    Raises:
        SchemaTooNew: A later version of this software has written here.

    """
    version = version_of(connection)
    if version > len(migrations):
        raise SchemaTooNew(
            f"The directory has version {version} of its tables; this software knows {len(migrations)}"
        )
    return version


def migrate(connection: Connection, migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Bring the tables to the newest version; a failed migration leaves the one before it.

    Raises:
        SchemaTooNew: A later version of this software has written here.

    """
    with connection.begin():
        number = pending(connection, migrations)
    for step in migrations[number:]:
        number += 1
        with connection.begin():
            step(connection)
            connection.execute(insert(_versions).values(version=number))


def script() -> str:
    """Return the statements that make an empty SQLite database what all migrations make of it."""
    with closing(sqlite3.connect(":memory:")) as database:
        engine = create_engine("sqlite://", creator=lambda: database, poolclass=StaticPool)
        with engine.connect() as connection:
            migrate(connection)
        dumped = list(database.iterdump())[1:-1]  # without BEGIN and COMMIT
    lines = [re.sub(r"\s*\n\s*", " ", each) + "\n" for each in dumped]
    indexes = sorted(each for each in lines if each.startswith("CREATE INDEX"))  # made in any order
    return "".join([each for each in lines if each not in indexes] + indexes)


if __name__ == "__main__":
    sys.stdout.write(script())
