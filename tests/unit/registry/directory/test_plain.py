"""A directory in SQLite is the same with and without SQLAlchemy.

- The tables that are made at once are those that all migrations make.
- What is read into the cache is what a session reads, for accounts, prefixes and templates of every kind.
- First rows are inserted whole or not at all; a database of another version is left to the migrations.
- A state that is put back is what the cache has, whether SQLAlchemy was loaded or not.
"""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from idnode.registry.directory import migrations, plain
from idnode.registry.directory.changes import entries_of
from idnode.registry.directory.errors import DirectoryUnavailable, SchemaTooNew
from idnode.registry.directory.states import PrefixStatus, ProxyState, Role
from idnode.registry.directory.store import Directory, sqlite_url
from idnode.registry.directory.tables import Account, Enterprise, Prefix, Template, TemplateItem


@pytest.fixture
def path(tmp_path):
    return tmp_path / "directory.sqlite"


def account(number):
    return {
        "id": number,
        "username": f"user{number}",
        "inner": "0" * 64,
        "role": "enterprise",
        "email": f"e{number}",
        "mobile": f"m{number}",
        "open_id": "",
        "open_username": "",
        "remarks": "",
        "created": 1,
    }


def enterprise():
    owner = Account(**account(1))
    made = Enterprise(
        account=owner, name="n", certificate_type="1", certificate_code="c", form={"名": [1]},
        created=1, updated=2,
    )  # fmt: skip
    for number, server in enumerate((None, {"ip": "::1"})):
        made.prefixes.append(
            Prefix(
                name=f"88.900.{number}", status=PrefixStatus.ENABLED, settled=bool(number),
                proxy_state=ProxyState.HOSTED, server=server, created=1, updated=1,
            )
        )  # fmt: skip
    return made


def template(prefix, version, details=None):
    made = Template(
        prefix=prefix, version=version, kind=1, description="d", industry_category="A",
        industry_specific="01", industry_trade="011", industry_subclass="0111", details=details,
        created=1, updated=2,
    )  # fmt: skip
    for index, required, enabled in ((2001, True, False), (2000, True, True), (2002, False, True)):
        made.items.append(
            TemplateItem(
                name=f"n{index}", id_type=f"t{index}", id_index=index, required=required,
                enabled=enabled, min_length=0, max_length=9, details={"k": index} if index % 2 else None,
            )
        )  # fmt: skip
    return made


def fill(session):
    made = enterprise()
    session.add(made)
    session.add(Account(**account(2) | {"role": Role.ADMIN.value}))
    session.add(template(made.prefixes[0], "1.0"))
    session.add(template(made.prefixes[1], "2.0", {"handle": "88.900.1/META_x"}))


def test_the_tables_are_those_of_all_migrations():
    assert plain.SCHEMA.read_text() == migrations.script(), (
        "python -m idnode.registry.directory.migrations > registry/directory/schema.sql"
    )
    assert len(migrations.MIGRATIONS) == plain.VERSION


async def test_what_is_read_is_what_a_session_reads(path):
    directory = await Directory.open(sqlite_url(path))
    await directory.write(fill)
    await directory.close()
    engine = create_engine(sqlite_url(path))
    with Session(engine) as session:
        expected = list(entries_of(session))
    engine.dispose()
    found = plain.prepare(path)
    assert len(found) == 6
    assert {(type(each), each.id): each for each in found} == {
        (type(each), each.id): each for each in expected
    }


async def test_first_rows_are_there_whole_or_not_at_all(path):
    directory = await Directory.open(sqlite_url(path))
    assert directory.untouched
    with pytest.raises(DirectoryUnavailable):
        await directory.give([("accounts", account(1)), ("accounts", account(1))])
    assert not directory.cache.accounts
    await directory.give([("accounts", account(1))])
    assert set(directory.cache.accounts_by_name) == {"user1"}
    await directory.write(lambda session: session.add(Account(**account(2))))
    assert not directory.untouched
    assert len(directory.cache.accounts) == 2
    await directory.close()


async def test_a_former_version_is_left_to_the_migrations(path):
    engine = create_engine(sqlite_url(path))
    with engine.connect() as connection:
        migrations.migrate(connection, migrations.MIGRATIONS[:1])
    engine.dispose()
    assert plain.prepare(path) is None
    directory = await Directory.open(sqlite_url(path))
    assert not directory.untouched
    await directory.close()
    assert plain.prepare(path) == []


async def test_a_later_version_is_refused(path):
    plain.prepare(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO schema_versions VALUES (99)")
    with pytest.raises(SchemaTooNew):
        await Directory.open(sqlite_url(path))


@pytest.mark.parametrize("loaded", [False, True])
async def test_a_state_that_is_put_back_is_in_the_cache(path, loaded):
    directory = await Directory.open(sqlite_url(path))
    await directory.give([("accounts", account(1))])
    if loaded:
        await directory.read(lambda _: None)
    await directory.copy(path.with_name("copy"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM accounts")
    await directory.restore(path.with_name("copy"))
    assert set(directory.cache.accounts_by_name) == {"user1"}
    assert directory.untouched is not loaded
    await directory.close()
