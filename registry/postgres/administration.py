"""Makes what a register needs in a database, and lets a role use it that may do no more. Blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from idnode.registry.errors import RegisterUnavailable
from idnode.registry.postgres import schema

if TYPE_CHECKING:
    from idnode.registry.postgres.address import Address


def make(address: Address, *, partitions: int = 0) -> str:
    """Make the tables, or bring them up to date, and return their version.

    Raises:
        RegisterUnavailable: The database cannot be reached, or refuses.

    """
    schema.upgrade(address, partitions=partitions)
    return schema.VERSION


def grant(address: Address, role: str) -> None:
    """Let a role read and write the rows of all tables, and make nothing.

    Raises:
        RegisterUnavailable: The database cannot be reached, or refuses.

    """
    engine = create_engine(address.directory_url(), poolclass=NullPool)
    named = engine.dialect.identifier_preparer.quote_identifier(role)
    try:
        with engine.begin() as connection:
            for rights, things in (
                ("SELECT, INSERT, UPDATE, DELETE", "TABLES"),
                ("USAGE", "SEQUENCES"),
            ):
                granted = f"GRANT {rights} ON ALL {things} IN SCHEMA public TO {named}"
                connection.execute(text(granted))
    except SQLAlchemyError as error:
        reason = getattr(error, "orig", None) or error
        raise RegisterUnavailable(f"{address.shown} refused: {reason}".strip()) from error
