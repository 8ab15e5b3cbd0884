"""Copies of whole registers, and the commands around them, keep these promises.

* Every record comes over as it is, from a data directory into a database and back; counts are right.
* Broken off, a copy goes on behind what was copied; what the target has already stays as it is.
* A check finds a record that is not what it says, and a count that is wrong; all else is sound.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from idnode.registry.copying import Copied, copy
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.engines import copying_end
from idnode.registry.mutation import Create
from idnode.registry.postgres.address import Address

IDNODE = Path(sys.executable).with_name("idnode")

RECORDS = 500


@pytest.fixture
async def filled(tmp_path, packed):
    """A folder with a register of several prefixes, some of which others begin with."""
    folder = tmp_path / "register"
    register = await EmbeddedRegister.open(folder)
    await register.submit(
        [
            Create(b"88.900.%d/Item-%d" % (number % 12, number), packed((1, b"x%d" % number)))
            for number in range(RECORDS - 1)
        ]
        + [Create(b"0.NA/88.900", packed((301, b"secret", 0x0C)))]
    )
    await register.close()
    return folder


async def all_of(place):
    end = await copying_end(str(place))
    try:
        return [item async for portion in end.portions(b"") for item in portion]
    finally:
        await end.close()


async def copied(source, target, progress=lambda _done, _all: None):
    one, other = await copying_end(str(source)), await copying_end(str(target))
    try:
        return await copy(one, other, progress)
    finally:
        await one.close()
        await other.close()


def idnode(*arguments):
    return subprocess.run(
        [IDNODE, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )


async def test_a_register_comes_over_and_back_as_it_is(filled, postgres, tmp_path):
    url = postgres.empty()
    assert await copied(filled, url) == Copied(RECORDS, 0, 0)
    back = tmp_path / "back"
    assert await copied(url, back) == Copied(RECORDS, 0, 0)
    items = await all_of(filled)
    assert len(items) == RECORDS
    assert [item.key for item in items] == sorted(item.key for item in items)
    assert await all_of(url) == items
    assert await all_of(back) == items


async def test_what_is_there_already_stays(filled, postgres, packed):
    url = postgres.prepared()
    database = Address(url).database
    postgres.sql(
        "INSERT INTO record VALUES ('88.900.3/ITEM-3', '88.900.3/Item-3', '\\x00000000', true);"
        "INSERT INTO prefix_count VALUES ('88.900.3', 0, 1)",
        database,
    )
    assert await copied(filled, url) == Copied(RECORDS, 0, 1)
    assert postgres.sql("SELECT sum(n) FROM prefix_count", database) == str(RECORDS)
    found = idnode("storage", "check", url)
    assert (found.returncode, found.stdout.splitlines()[-1]) == (0, "nothing is wrong")


@pytest.mark.parametrize("into", ["database", "folder"])
async def test_broken_off_it_goes_on(filled, postgres, tmp_path, monkeypatch, into):
    class BrokenOff(Exception):
        pass

    def break_off(done, total):
        assert total == RECORDS
        if done < total:
            raise BrokenOff

    monkeypatch.setattr("idnode.registry.embedded.copying.PORTION", 100)
    target = postgres.prepared() if into == "database" else tmp_path / "other"
    with pytest.raises(BrokenOff):
        await copied(filled, target, break_off)
    done = await copied(filled, target)
    assert done.records == RECORDS
    assert 0 < done.earlier < RECORDS
    assert done.kept == 0
    assert await all_of(target) == await all_of(filled)


async def test_a_check_finds_what_is_wrong(filled, postgres):
    url = postgres.prepared()
    await copied(filled, url)
    database = Address(url).database
    postgres.sql(
        "UPDATE record SET spelled = 'else/where' WHERE folded = '88.900.1/ITEM-1'", database
    )
    postgres.sql("UPDATE record SET public = true WHERE folded = '0.NA/88.900'", database)
    postgres.sql(
        "UPDATE record SET packed = '\\x00000001' WHERE folded = '88.900.2/ITEM-2'", database
    )
    postgres.sql("UPDATE prefix_count SET n = n + 1 WHERE prefix = '88.900.4'", database)
    found = idnode("register", "check", url)
    assert found.returncode == 1
    damaged = [line for line in found.stdout.splitlines() if line.startswith("damaged: ")]
    named = ("0.NA/88.900", "88.900.1/ITEM-1", "88.900.2/ITEM-2", "88.900.4")
    assert [line.split()[1].rstrip(":") for line in damaged] == list(named)


def test_tables_are_made_in_partitions_for_a_role_that_may_write_rows(postgres):
    url = postgres.empty()
    database = Address(url).database
    postgres.sql("CREATE ROLE partner LOGIN")
    try:
        made = idnode("storage", "init", url, "--partitions", "4", "--role", "partner")
        assert made.returncode == 0, made.stderr
        tables = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'record'::regclass"
        assert postgres.sql(tables, database) == "4"
        assert idnode("storage", "migrate", url).returncode == 0
        assert idnode("storage", "check", url.replace("idnode@", "partner@")).returncode == 0
    finally:
        postgres.sql("DROP OWNED BY partner; DROP ROLE partner", database)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("init", "embedded"), "begins with postgresql://"),
        (("copy", "/nowhere", "/else"), "neither a data directory"),
        (("check", "postgresql://u:secret@127.0.0.1:1/x"), "cannot be reached"),
        (("init", "postgresql://u:secret@127.0.0.1:1/x"), "refused"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments, said):
    done = idnode("storage", *arguments)
    assert done.returncode
    assert said in done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr
