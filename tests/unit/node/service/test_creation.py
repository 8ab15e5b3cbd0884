"""A creation needs legal values and the right of its kind; values are dated by the node."""

import pytest

from node.service.creation import checked_and_stamped, require_creation
from node.service.credentials import Identity
from node.service.errors import AuthenticationNeeded, InvalidAdministrator
from registry import values
from registry.errors import IndexConflict, IndexNotPositive, InvalidValue, RecordTooLarge


def test_every_value_is_dated_now_and_else_unchanged(packed):
    before = packed((1, b"URL", b"x"), (2, b"URL", b"y"))
    after = values.unpack(checked_and_stamped(before, 1234))
    assert [value.timestamp for value in after] == [1234, 1234]
    assert [value.data for value in after] == [b"x", b"y"]


@pytest.mark.parametrize(
    ("listed", "refusal"),
    [
        ([(1, b"URL", b""), (1, b"URL", b"")], IndexConflict),
        ([(0, b"URL", b"")], IndexNotPositive),
        ([(-1, b"URL", b"")], IndexNotPositive),
        ([(1, b"", b"")], InvalidValue),
        ([(1, b"URL", b"x" * 256_000)], RecordTooLarge),
    ],
)
def test_illegal_values_are_refused(packed, listed, refusal):
    with pytest.raises(refusal):
        checked_and_stamped(packed(*listed), 1)


def test_bytes_that_are_no_list_are_refused():
    with pytest.raises(InvalidValue):
        checked_and_stamped(b"\xff\xff\xff\xff", 1)


async def test_creating_takes_the_right_on_the_prefix(service):
    require_creation(service.permissions, service.enterprise, b"88.900.1/x", b"88.900.1")
    with pytest.raises(InvalidAdministrator):
        require_creation(service.permissions, service.stranger, b"88.900.1/x", b"88.900.1")
    with pytest.raises(AuthenticationNeeded):
        require_creation(service.permissions, None, b"88.900.1/x", b"88.900.1")


async def test_creating_a_prefix_takes_the_right_on_the_prefix_above(service):
    require_creation(service.permissions, service.enterprise, b"0.NA/88.900.1.5", b"88.900.1")
    with pytest.raises(InvalidAdministrator):
        require_creation(service.permissions, service.enterprise, b"0.NA/88.900.5", b"88.900")


async def test_the_right_to_add_handles_does_not_add_prefixes(service, put):
    from node.protocol.admin_value import AdminValue, Right, encode_admin

    user = Identity(b"88.900.1/user", 1)
    admin = encode_admin(AdminValue(Right.ADD_HANDLE, user.handle, user.index))
    await put(b"0.NA/88.900.3", (100, b"HS_ADMIN", admin))
    require_creation(service.permissions, user, b"88.900.3/x", b"88.900.3")
    with pytest.raises(InvalidAdministrator):
        require_creation(service.permissions, user, b"0.NA/88.900.3.1", b"88.900.3")
