"""Imported by a locustfile of one's own: users of the node to extend, and with them the load test itself.

Whoever imports this has everything connected to Locust: options, profiles, counts, the verdict and the exit
code. ``loadtests/README.md`` shows a file of ten lines.
"""

import locust.stats
from locust import events

from idnode.loadtests import latency
from idnode.loadtests.listening import Listeners
from idnode.loadtests.profile import Face
from idnode.loadtests.users import (
    BulkUser,
    HandleTcpUser,
    HandleUdpUser,
    IdhubUser,
    JsonUser,
    NodeUser,
    SnmsUser,
    WebUser,
)

__all__ = [
    "BulkUser",
    "Face",
    "HandleTcpUser",
    "HandleUdpUser",
    "IdhubUser",
    "JsonUser",
    "NodeUser",
    "SnmsUser",
    "WebUser",
]

locust.stats.bucket_response_time = latency.bucket_milliseconds  # type: ignore[assignment]

Listeners().listen(events)
