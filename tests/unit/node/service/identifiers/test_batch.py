"""A batch: one outcome an item in order, neighbours untouched, rights decided once a prefix."""

import pytest

from idnode.node.service.errors import (
    AuthenticationNeeded,
    BatchTooLarge,
    InvalidAdministrator,
    NotResponsible,
)
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.errors import BatchAborted, HandleExists
from idnode.registry.handle.errors import IndexConflict, InvalidHandle, InvalidValue
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin
from idnode.registry.limits import BATCH_ITEMS_MAX
from idnode.registry.mutation import Applied


@pytest.fixture
def url(packed):
    return packed((1, b"URL", b"x"))


async def test_each_item_has_its_own_outcome_in_order(service, url, packed):
    await service.registrar.create(service.enterprise, b"88.900.1/there", url)
    outcomes = await service.registrar.batch(
        service.enterprise,
        [
            (b"88.900.1/a", url),
            (b"88.900.1/there", url),
            (b"10.1/x", url),
            (b"88.900/x", url),
            (b"88.900.1/", url),
            (b"88.900.1/c", b"\xff"),
            (b"88.900.1/d", packed((1, b"URL", b"x"), (1, b"URL", b"y"))),
            (b"88.900.1/a", url),
            (b"88.900.1/b", url),
        ],
    )
    assert [type(outcome) for outcome in outcomes] == [
        Applied,
        HandleExists,
        NotResponsible,
        InvalidAdministrator,
        InvalidHandle,
        InvalidValue,
        IndexConflict,
        HandleExists,
        Applied,
    ]
    assert service.register.lookup(b"88.900.1/b") is not None


async def test_one_bad_item_aborts_all_when_all_or_nothing_was_asked(service, url):
    outcomes = await service.registrar.batch(
        service.enterprise, [(b"88.900.1/a", url), (b"10.1/x", url)], all_or_nothing=True
    )
    assert [type(outcome) for outcome in outcomes] == [BatchAborted, NotResponsible]
    assert service.register.lookup(b"88.900.1/a") is None


async def test_overwriting_replaces_and_says_so(service, url):
    items = [(b"88.900.1/a", url)]
    assert await service.registrar.batch(service.enterprise, items) == [Applied(replaced=False)]
    again = await service.registrar.batch(service.admin, items, overwrite=True)
    assert again == [Applied(replaced=True)]


async def test_overwriting_takes_rights_on_each_record(service, url, packed, put):
    user = Identity(b"88.900.1/user", 1)
    admin = encode_admin(AdminValue(Right.ADD_HANDLE, user.handle, user.index))
    own = encode_admin(AdminValue(Right.MODIFY_VALUE, user.handle, user.index))
    await put(b"0.NA/88.900.3", (100, b"HS_ADMIN", admin))
    await put(b"88.900.3/theirs", (1, b"URL", b"theirs"))
    await put(b"88.900.3/own", (1, b"URL", b"x"), (100, b"HS_ADMIN", own))
    changed = packed((1, b"URL", b"y"), (100, b"HS_ADMIN", own))
    outcomes = await service.registrar.batch(
        user,
        [
            (b"88.900.3/theirs", url),
            (b"88.900.3/own", changed),
            (b"88.900.3/new", url),
            (b"88.900.3/NEW", changed),
        ],
        overwrite=True,
    )
    assert isinstance(outcomes[0], InvalidAdministrator)
    assert outcomes[1:] == [Applied(replaced=True), Applied(replaced=False), Applied(replaced=True)]


async def test_rights_are_decided_once_a_prefix(service, url, monkeypatch):
    asked = []
    require = service.permissions.require
    monkeypatch.setattr(
        service.permissions,
        "require",
        lambda *question: asked.append(question) or require(*question),
    )
    await service.registrar.batch(
        service.enterprise, [(b"88.900.1/%d" % n, url) for n in range(600)]
    )
    assert len(asked) == 1


async def test_prefix_handles_in_a_batch_are_decided_one_by_one(service, url):
    outcomes = await service.registrar.batch(
        service.enterprise, [(b"0.NA/88.900.1.5", url), (b"0.NA/88.900.5", url)]
    )
    assert [type(outcome) for outcome in outcomes] == [Applied, InvalidAdministrator]


async def test_values_are_dated_by_the_node(service, url, packed):
    await service.registrar.batch(service.enterprise, [(b"88.900.1/a", url)])
    stored = service.register.lookup(b"88.900.1/a").values
    assert stored != url
    assert stored[8:12] == (1_800_000_000).to_bytes(4, "big")


async def test_nobody_is_asked_to_authenticate_and_an_empty_batch_is_nothing(service, url):
    with pytest.raises(AuthenticationNeeded):
        await service.registrar.batch(None, [(b"88.900.1/a", url)])
    assert await service.registrar.batch(service.enterprise, []) == []


async def test_more_items_than_a_submission_takes_are_refused_whole(service, url):
    with pytest.raises(BatchTooLarge):
        await service.registrar.batch(
            service.enterprise, [(b"88.900.1/a", url)] * (BATCH_ITEMS_MAX + 1)
        )
