"""The directory keeps its promises to whoever uses it.

- A transaction is whole or not at all, and the cache follows it at once, also at the next start.
- Work of one caller is carried through when the caller is cancelled; too much of it is refused.
- Foreign keys hold; a database that refuses is told as such.
"""

import asyncio
import threading

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from idnode.registry.directory.errors import DirectoryBusy, DirectoryUnavailable
from idnode.registry.directory.states import Role
from idnode.registry.directory.store import WAITING_MAX, Directory, sqlite_url
from idnode.registry.directory.tables import Account, StoredFile


def account(username="a"):
    return Account(
        username=username,
        inner="0" * 64,
        role=Role.ADMIN.value,
        email=username,
        mobile=username,
        created=1,
    )


@pytest.fixture
async def directory(tmp_path):
    opened = await Directory.open(sqlite_url(tmp_path / "directory.sqlite"))
    yield opened
    await opened.close()


async def test_the_cache_follows_each_transaction(directory):
    await directory.write(lambda session: session.add(account()))
    assert directory.cache.accounts_by_name["a"].is_admin

    def demote(session):
        session.scalar(select(Account)).role = Role.ENTERPRISE.value

    await directory.write(demote)
    assert directory.cache.accounts_by_name["a"].role is Role.ENTERPRISE


async def test_an_error_undoes_everything(directory):
    def work(session):
        session.add(account())
        session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await directory.write(work)
    assert await directory.read(lambda session: session.scalar(select(Account))) is None
    assert not directory.cache.accounts


async def test_what_was_written_is_there_at_the_next_start(directory, tmp_path):
    await directory.write(lambda session: session.add(account()))
    await directory.close()
    again = await Directory.open(sqlite_url(tmp_path / "directory.sqlite"))
    assert set(again.cache.accounts_by_name) == {"a"}
    await again.close()


async def test_the_database_keeps_a_log_ahead_and_foreign_keys(directory):
    pragmas = await directory.read(
        lambda session: [
            session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        ]
    )
    assert pragmas == ["wal", 1, 5000]
    stray = StoredFile(path="x", account_id=99, media_type="", bytes=0, created=0)
    with pytest.raises(DirectoryUnavailable):
        await directory.write(lambda session: session.add(stray))


async def test_work_is_carried_through_when_its_caller_is_cancelled(directory):
    begun, go_on = threading.Event(), threading.Event()

    def work(session):
        begun.set()
        go_on.wait(10)
        session.add(account())

    task = asyncio.create_task(directory.write(work))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await directory.read(lambda _: None)
    assert "a" in directory.cache.accounts_by_name


async def test_too_much_waiting_work_is_refused(directory):
    go_on = threading.Event()
    held = [
        asyncio.create_task(directory.read(lambda _: go_on.wait(10))) for _ in range(WAITING_MAX)
    ]
    await asyncio.sleep(0)
    with pytest.raises(DirectoryBusy):
        await directory.read(lambda _: None)
    go_on.set()
    await asyncio.gather(*held)


async def test_a_database_that_refuses_is_told_as_such(tmp_path):
    (tmp_path / "d").mkdir()
    with pytest.raises((DirectoryUnavailable, SQLAlchemyError)):
        await Directory.open(sqlite_url(tmp_path / "d"))
