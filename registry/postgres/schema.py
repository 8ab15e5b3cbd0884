"""The tables: whether they are those of this version, and how they are made and brought up to date (by Alembic)."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

from idnode.registry.errors import RegisterAway, RegisterUnavailable
from idnode.registry.handle.errors import RegistryError
from idnode.registry.postgres.statements import SCHEMA_LOCK

if TYPE_CHECKING:
    from idnode.registry.postgres.address import Address
    from idnode.registry.postgres.connections import Connection, Connections

VERSION: Final = "1"
"""Version of the tables that this software works with."""

VERSION_TABLE: Final = "register_version"

PARTITIONS_MAX: Final = 1024

_log: Final = logging.getLogger(__name__)

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


class SchemaUnfit(RegistryError):
    """The tables of a database are not those of this version."""


async def version_of(connection: Connection) -> str | None:
    """Return the version of the tables, None when there are none."""
    if await connection.fetchval("SELECT to_regclass($1)", VERSION_TABLE) is None:
        return None
    found = await connection.fetchval(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608
    return None if found is None else str(found)


async def prepare(connections: Connections) -> dict[str, str]:
    """Make the tables if the database has none, and return what it says about itself.

    Raises:
        SchemaUnfit: They are of another version.
        RegisterUnavailable: The database cannot be reached, or refuses.

    """
    found = await connections.ask(version_of)
    if found is None:
        await asyncio.to_thread(upgrade, connections.address)
        _log.info("tables made in %s", connections.address.shown)
        found = await connections.ask(version_of)
    if found != VERSION:
        raise SchemaUnfit(
            f"{connections.address.shown} has version {found} of its tables, and this software works "
            f"with {VERSION}: see idnode storage migrate"
        )
    server = await connections.ask(lambda one: one.fetchval("SHOW server_version"))
    return {"schema": found, "server": f"PostgreSQL {server}"}


def upgrade(address: Address, *, partitions: int = 0) -> None:
    """Make the tables, or bring them up to date, in one transaction. Blocks.

    ``partitions`` is for tables that are made: into how many parts records are spread, 0 for one table.

    Raises:
        RegisterUnavailable: The database cannot be reached, or refuses.

    """
    from alembic.config import Config  # noqa: PLC0415  # nobody else needs to load it
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from sqlalchemy import NullPool, create_engine, text  # noqa: PLC0415
    from sqlalchemy.exc import OperationalError, SQLAlchemyError  # noqa: PLC0415

    logging.getLogger("alembic").setLevel(logging.WARNING)  # our own line says it
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    engine = create_engine(address.directory_url(), poolclass=NullPool)
    try:
        with engine.begin() as connection:
            # Nodes that start at once make the tables once.
            connection.execute(text(f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})"))
            with EnvironmentContext(
                config,
                scripts,
                fn=lambda revision, _context: scripts._upgrade_revs("head", revision),  # noqa: SLF001
            ) as environment:
                environment.configure(
                    connection=connection, version_table=VERSION_TABLE, partitions=partitions
                )
                environment.run_migrations()
    except SQLAlchemyError as error:
        reason = getattr(error, "orig", None) or error
        # What asked for the tables before has been let in.
        kind = RegisterAway if isinstance(error, OperationalError) else RegisterUnavailable
        raise kind(f"{address.shown} refused: {reason}".strip()) from error
