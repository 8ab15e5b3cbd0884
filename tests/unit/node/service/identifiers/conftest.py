"""Records whose administrators are of one's own making."""

import pytest

from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.handle import values
from idnode.registry.handle.types.hs_admin import AdminValue, encode_admin

CUP = b"88.900.1/cup"
USER = Identity(b"88.900.1/user", 301)


@pytest.fixture
def stored(service):
    """Return a function that returns the values of CUP."""
    return lambda: values.unpack(service.register.lookup(CUP).values)


@pytest.fixture
def admin_value():
    """Return a function that makes an HS_ADMIN value, for USER if nobody else is named."""

    def admin_value(permissions, who=USER):
        return (100, b"HS_ADMIN", encode_admin(AdminValue(permissions, who.handle, who.index)))

    return admin_value
