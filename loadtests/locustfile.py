"""The file for Locust: ``locust -f loadtests/locustfile.py --load-profile steady`` and its like.

Its users are those of all faces; a profile or the command line chooses among them.
"""

from idnode.loadtests.extending import (
    BulkUser,
    HandleTcpUser,
    HandleUdpUser,
    IdhubUser,
    JsonUser,
    SnmsUser,
)

__all__ = ["BulkUser", "HandleTcpUser", "HandleUdpUser", "IdhubUser", "JsonUser", "SnmsUser"]
