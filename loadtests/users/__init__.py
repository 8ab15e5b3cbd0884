"""Locust's users, one class for each face."""

from idnode.loadtests.profile import Face
from idnode.loadtests.users.bulk import BulkUser
from idnode.loadtests.users.idhub import IdhubUser
from idnode.loadtests.users.node_user import BEGUN, COUNTED, LOAD_TESTS, NodeUser, WebUser
from idnode.loadtests.users.resolving import HandleTcpUser, HandleUdpUser, JsonUser
from idnode.loadtests.users.snms import SnmsUser

__all__ = [
    "BEGUN",
    "COUNTED",
    "LOAD_TESTS",
    "USERS",
    "BulkUser",
    "HandleTcpUser",
    "HandleUdpUser",
    "IdhubUser",
    "JsonUser",
    "NodeUser",
    "SnmsUser",
    "WebUser",
]

USERS: dict[Face, type[NodeUser]] = {
    user.face: user
    for user in (HandleUdpUser, HandleTcpUser, JsonUser, SnmsUser, IdhubUser, BulkUser)
}
"""The users of each face."""
