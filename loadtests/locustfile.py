"""The file for Locust: ``locust -f loadtests/locustfile.py --load-profile steady`` and its like.

It connects the parts to Locust's events: options, profile, users and shape before the start; counts from
the workers to their master meanwhile; the verdict, the report and the exit code at the end.
"""

import locust.stats
from locust import events

from idnode.loadtests import latency
from idnode.loadtests.listening import Listeners
from idnode.loadtests.shapes import ProfileShape
from idnode.loadtests.users import BulkUser, HandleTcpUser, HandleUdpUser, JsonUser, SnmsUser

__all__ = ["BulkUser", "HandleTcpUser", "HandleUdpUser", "JsonUser", "ProfileShape", "SnmsUser"]

locust.stats.bucket_response_time = latency.bucket_milliseconds  # type: ignore[assignment]

Listeners().listen(events)
