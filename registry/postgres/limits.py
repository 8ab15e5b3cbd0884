"""Every bound of the engine, with its unit and its reason."""

from typing import Final

from idnode.registry.limits import BATCH_ITEMS_MAX

WRITE_QUEUE_ITEMS_MAX: Final = 200_000
"""Most mutations waiting for the writer; beyond it a submission is refused at once (busy)."""

WRITE_QUEUE_BYTES_MAX: Final = 256 << 20
"""Most bytes of handles and values waiting for the writer; beyond it a submission is refused at once."""

CREATED_HANDLE_BYTES_MAX: Final = 2600
"""Most bytes of a handle that is created: an entry of PostgreSQL's index takes a third of a page."""

GROUP_ITEMS_MAX: Final = 10_000
"""Mutations after which a transaction takes no further submissions."""

GROUP_BYTES_MAX: Final = 16 << 20
"""Bytes after which a transaction takes no further submissions."""

LOOK_UP_KEYS_MAX: Final = 1000
"""Most keys in one question for records: those of a database far larger than its memory are a second or so of disk reads."""

LOOK_UPS_WAITING_MAX: Final = 200_000
"""Most keys that wait to be asked for; beyond it a look-up is refused at once (busy)."""

READ_CONNECTIONS: Final = 4
"""Connections that one node asks on; what comes while all are at work is asked for together."""

STATEMENTS_SECONDS: Final = 10.0
"""Longest wait for what a transaction does before its commit, which may be waiting for another node's."""

COMMIT_SECONDS: Final = 10.0
"""Longest wait for a commit, which may be waiting for its standby; then the connection is dropped."""

RESOLVE_SECONDS: Final = 90.0
"""Longest search for what became of a commit: a failover and more. Then nobody can tell."""

RETRIES_MAX: Final = 20
"""Times that a transaction is begun anew because of another node's."""

LANES: Final = 16
"""Rows over which the count of one prefix is spread, so that nodes do not wait for each other."""

POLL_SECONDS: Final = 1.0
"""Time between two looks at what other nodes changed."""

NEAR_CACHE_BYTES_MAX: Final = 64 << 20
"""Most memory of records that are kept for public resolution; the oldest ones go."""

assert BATCH_ITEMS_MAX <= WRITE_QUEUE_ITEMS_MAX
assert BATCH_ITEMS_MAX <= LOOK_UPS_WAITING_MAX
