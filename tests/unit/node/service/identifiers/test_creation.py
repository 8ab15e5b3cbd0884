"""A creation needs the right of its kind."""

import pytest

from idnode.node.service.errors import AuthenticationNeeded, InvalidAdministrator
from idnode.node.service.identifiers.creation import require_creation
from idnode.node.service.identifiers.credentials import Identity


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
    from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin

    user = Identity(b"88.900.1/user", 1)
    admin = encode_admin(AdminValue(Right.ADD_HANDLE, user.handle, user.index))
    await put(b"0.NA/88.900.3", (100, b"HS_ADMIN", admin))
    require_creation(service.permissions, user, b"88.900.3/x", b"88.900.3")
    with pytest.raises(InvalidAdministrator):
        require_creation(service.permissions, user, b"0.NA/88.900.3.1", b"88.900.3")
