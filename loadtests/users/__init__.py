"""Locust's users, one class for each face."""

from idnode.loadtests.profile import Face
from idnode.loadtests.users.bulk import BulkUser
from idnode.loadtests.users.idhub import IdhubUser
from idnode.loadtests.users.node_user import LOAD_TESTS, NodeUser
from idnode.loadtests.users.resolving import HandleTcpUser, HandleUdpUser, JsonUser
from idnode.loadtests.users.snms import SnmsUser

__all__ = [
    "LOAD_TESTS",
    "USERS",
    "BulkUser",
    "HandleTcpUser",
    "HandleUdpUser",
    "IdhubUser",
    "JsonUser",
    "SnmsUser",
]

USERS: dict[Face, type[NodeUser]] = {
    user.face: user
    for user in (HandleUdpUser, HandleTcpUser, JsonUser, SnmsUser, IdhubUser, BulkUser)
}
"""The users of each face."""
