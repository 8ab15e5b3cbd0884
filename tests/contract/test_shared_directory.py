"""Work of a directory on PostgreSQL that gets no answer is refused in bounded time, and what comes next is done."""

import pytest

from idnode.registry.directory import store
from idnode.registry.directory.errors import DirectoryUnavailable
from idnode.registry.directory.states import Role
from idnode.registry.directory.store import Directory
from idnode.registry.directory.tables import Account
from idnode.registry.postgres.address import Address


def account(name):
    return Account(
        username=name, inner="0" * 64, role=Role.ADMIN.value, email=name, mobile=name, created=1
    )


@pytest.fixture
async def proxied(postgres, cutting_proxy):
    """A directory behind a network that can be cut, and that network."""
    address = Address(postgres.empty())
    async with cutting_proxy.CuttingProxy(postgres.port) as proxy:
        through = Address(address.url.replace(str(postgres.port), str(proxy.port)))
        directory = await Directory.open(through.directory_url())
        yield directory, proxy
        await directory.close()


async def test_a_database_that_does_not_answer_is_let_go(proxied, cutting_proxy, monkeypatch):
    directory, proxy = proxied
    monkeypatch.setattr(store, "_SHARED_SECONDS", 0.5)
    proxy.cut = cutting_proxy.Cut.SILENT
    with pytest.raises(DirectoryUnavailable, match="does not answer"):
        await directory.write(lambda session: session.add(account("first")))
    monkeypatch.undo()
    await directory.write(lambda session: session.add(account("next")))
    # The commit of the first had arrived.
    assert set(directory.cache.accounts_by_name) == {"first", "next"}
