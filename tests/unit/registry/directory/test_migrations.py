"""The tables in a database are those of the classes, whatever version it comes from.

- An empty database comes to the newest version, and its tables have the columns that the classes name.
- A migration that fails leaves the version before it; a database from the future is refused.
"""

import pytest
from sqlalchemy import create_engine, inspect, text

from idnode.registry.directory.errors import SchemaTooNew
from idnode.registry.directory.migrations import MIGRATIONS, migrate, version_of
from idnode.registry.directory.tables import Base


@pytest.fixture
def engine(tmp_path):
    made = create_engine(f"sqlite:///{tmp_path / 'd.sqlite'}")
    yield made
    made.dispose()


def shape(inspector, table):
    columns = {
        column["name"]: (str(column["type"]), column["nullable"])
        for column in inspector.get_columns(table)
    }
    unique = {
        tuple(sorted(each["column_names"])) for each in inspector.get_unique_constraints(table)
    }
    indexed = {tuple(each["column_names"]) for each in inspector.get_indexes(table)}
    foreign = {
        (*each["constrained_columns"], each["referred_table"])
        for each in inspector.get_foreign_keys(table)
    }
    return columns, unique, indexed, foreign


def test_migrated_tables_are_those_of_the_classes(engine, tmp_path):
    with engine.connect() as connection:
        migrate(connection)
    other = create_engine(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    Base.metadata.create_all(other)
    migrated, fresh = inspect(engine), inspect(other)
    assert set(migrated.get_table_names()) - {"schema_versions"} == set(fresh.get_table_names())
    for table in fresh.get_table_names():
        assert shape(migrated, table) == shape(fresh, table), table
    other.dispose()


def test_migrating_again_changes_nothing(engine):
    with engine.connect() as connection:
        migrate(connection)
        migrate(connection)
        with connection.begin():
            assert version_of(connection) == len(MIGRATIONS)


def test_a_failed_migration_leaves_the_version_before_it(engine):
    def fail(_connection):
        raise ZeroDivisionError

    with engine.connect() as connection:
        with pytest.raises(ZeroDivisionError):
            migrate(connection, (*MIGRATIONS, fail))
        with connection.begin():
            assert version_of(connection) == len(MIGRATIONS)


def test_a_database_from_the_future_is_refused(engine):
    with engine.connect() as connection:
        migrate(connection)
        with connection.begin():
            connection.execute(text("INSERT INTO schema_versions VALUES (99)"))
        with pytest.raises(SchemaTooNew):
            migrate(connection)
