"""The statements that the engine sends. Every list of keys in them is sorted, so that no two nodes wait for each other."""

from typing import Final

LOOK_UP: Final = """
SELECT found.folded, found.spelled, found.packed, found.public
FROM unnest($1::bytea[]) AS asked(folded), LATERAL (
    SELECT folded, spelled, packed, public FROM record WHERE folded = asked.folded LIMIT 1
) AS found
"""
"""Looks in the index for each key, whatever the planner believes of the table: an ``= ANY`` it may answer by reading all."""

FIRST_PAGE: Final = """
SELECT spelled FROM record WHERE folded >= $1 AND folded < $2 ORDER BY folded LIMIT $3
"""

NEXT_PAGE: Final = """
SELECT spelled FROM record WHERE folded > $1 AND folded < $2 ORDER BY folded LIMIT $3
"""

COUNT: Final = "SELECT coalesce(sum(n), 0)::bigint FROM prefix_count WHERE prefix = $1"

COUNT_ALL: Final = "SELECT coalesce(sum(n), 0)::bigint FROM prefix_count"

LOCK: Final = """
SELECT folded, spelled, packed, public, version FROM record
WHERE folded = ANY($1::bytea[]) ORDER BY folded FOR UPDATE
"""

CREATE: Final = """
INSERT INTO record (folded, spelled, packed, public)
SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::boolean[])
ON CONFLICT (folded) DO NOTHING RETURNING folded
"""

CHANGE: Final = """
UPDATE record SET spelled = new.spelled, packed = new.packed, public = new.public,
    version = record.version + 1
FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::boolean[], $5::bigint[])
    AS new(folded, spelled, packed, public, version)
WHERE record.folded = new.folded AND record.version = new.version
RETURNING record.folded
"""

DELETE: Final = """
DELETE FROM record USING unnest($1::bytea[], $2::bigint[]) AS old(folded, version)
WHERE record.folded = old.folded AND record.version = old.version RETURNING record.folded
"""

ADD_COUNTS: Final = """
INSERT INTO prefix_count (prefix, lane, n)
SELECT prefix, $3::smallint, n FROM unnest($1::bytea[], $2::bigint[]) AS more(prefix, n)
ON CONFLICT (prefix, lane) DO UPDATE SET n = prefix_count.n + excluded.n
"""

TELL_CHANGES: Final = """
INSERT INTO prefix_change (folded) SELECT unnest($1::bytea[]) RETURNING seq
"""

CHANGES_SINCE: Final = """
SELECT seq, folded FROM prefix_change WHERE seq > $1 ORDER BY seq LIMIT 1000
"""

LAST_CHANGE: Final = "SELECT coalesce(max(seq), 0) FROM prefix_change"

NEW_WRITER: Final = "INSERT INTO writer (id, token) VALUES ($1, 0) ON CONFLICT DO NOTHING"

FORGET_WRITER: Final = "DELETE FROM writer WHERE id = $1"

FENCE: Final = """
WITH former AS (SELECT id, token FROM writer WHERE id = $1 FOR UPDATE)
UPDATE writer SET token = CASE WHEN abs(former.token) = $2::bigint THEN -$2::bigint ELSE 0 END
FROM former WHERE writer.id = former.id RETURNING abs(former.token) = $2::bigint
"""
"""Waits for a commit of this writer that may still be under way, and tells whether the one with a token happened.

It is a commit of its own, so what it finds committed is on the standbys, too, when it is answered. Asked again,
it says the same: a token that was found stays, negated.
"""

TELLING_LOCK: Final = 0x69646E01
"""Advisory lock of those that tell a change: their numbers ascend in the order of their commits."""

STARTING_LOCK: Final = 0x69646E02
"""Advisory lock of a node that starts."""

SCHEMA_LOCK: Final = 0x69646E03
"""Advisory lock of whoever makes or changes the tables."""

SHARED_FILES: Final = "SELECT name, content FROM shared_file"

KEEP_SHARED_FILE: Final = """
INSERT INTO shared_file (name, content) SELECT * FROM unnest($1::text[], $2::bytea[])
ON CONFLICT DO NOTHING
"""

NEXT_RECORDS: Final = """
SELECT folded, spelled, packed, public FROM record WHERE folded > $1 ORDER BY folded LIMIT $2
"""

COPIED: Final = "SELECT after, records FROM copied WHERE source = $1"

NOTE_COPIED: Final = """
INSERT INTO copied (source, after, records) VALUES ($1, $2, $3)
ON CONFLICT (source) DO UPDATE SET after = excluded.after, records = excluded.records
"""

FORGET_COPIED: Final = "DELETE FROM copied WHERE source = $1"

COUNTS: Final = """
SELECT prefix, sum(n)::bigint FROM prefix_count GROUP BY prefix HAVING sum(n) <> 0
"""

CURRENT_PLACE: Final = "SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint"
"""Every commit that anybody has seen lies before it."""

REPLAYED_PLACE: Final = """
SELECT CASE WHEN pg_is_in_recovery() THEN (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint END
"""

SIZE: Final = "SELECT pg_database_size(current_database())"
