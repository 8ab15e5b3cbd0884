"""Locust's users, one class for each face."""

from loadtests.profile import Face
from loadtests.users.bulk import BulkUser
from loadtests.users.node_user import LOAD_TESTS, NodeUser
from loadtests.users.resolving import HandleTcpUser, HandleUdpUser, JsonUser
from loadtests.users.snms import SnmsUser

__all__ = [
    "LOAD_TESTS",
    "USERS",
    "BulkUser",
    "HandleTcpUser",
    "HandleUdpUser",
    "JsonUser",
    "SnmsUser",
]

USERS: dict[Face, type[NodeUser]] = {
    user.face: user for user in (HandleUdpUser, HandleTcpUser, JsonUser, SnmsUser, BulkUser)
}
"""The users of each face."""
