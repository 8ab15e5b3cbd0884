"""Locust's users, one class for each face."""

from loadtests.profile import Face
from loadtests.users.bulk import BulkUser
from loadtests.users.node_user import LOAD_TESTS, NodeUser
from loadtests.users.resolving import HandleTcpUser, HandleUdpUser, JsonUser

__all__ = ["LOAD_TESTS", "USERS", "BulkUser", "HandleTcpUser", "HandleUdpUser", "JsonUser"]

USERS: dict[Face, type[NodeUser]] = {
    user.face: user for user in (HandleUdpUser, HandleTcpUser, JsonUser, BulkUser)
}
"""The users of each face."""
