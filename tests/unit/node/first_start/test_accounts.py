"""A first start lays the same accounts, enterprise and prefix in every database.

- What is laid without SQLAlchemy is, row for row, what it lays.
- A later start gives the node's secret to whoever had the former one, and leaves everybody else alone.
"""

import sqlite3
from contextlib import closing

import pytest

from idnode.node.first_start.accounts import knows_password, prepare_directory
from idnode.registry.directory.store import Directory, sqlite_url


class FixedClock:
    def now(self):
        return 1000.0


def prepare(directory, secret="s", *, prefix="88.900.1", keep_secret=False):
    return prepare_directory(
        directory, FixedClock(), prefix=prefix, secret=secret, keep_secret=keep_secret
    )


def rows(path):
    with closing(sqlite3.connect(path)) as connection:
        return [line.replace("'null'", "NULL") for line in connection.iterdump()]


@pytest.mark.parametrize("prefix", ["88.900.1", None])
async def test_both_ways_lay_the_same(tmp_path, prefix):
    for name in ("plain", "loaded"):
        directory = await Directory.open(sqlite_url(tmp_path / name))
        if name == "loaded":
            await directory.read(lambda _: None)
        await prepare(directory, prefix=prefix)
        assert directory.untouched is (name == "plain")
        assert len(directory.cache.accounts) == (1 if prefix is None else 2)
        assert set(directory.cache.prefixes) == ({prefix} - {None})
        await directory.close()
    assert rows(tmp_path / "plain") == rows(tmp_path / "loaded")


async def test_a_later_start_replaces_the_secret_unless_told_to_keep_it(tmp_path):
    url = sqlite_url(tmp_path / "d")
    for secret, keep, known in (("a", False, "a"), ("b", True, "a"), ("b", False, "b")):
        directory = await Directory.open(url)
        await prepare(directory, secret, keep_secret=keep)
        assert knows_password(directory, known)
        await directory.close()
