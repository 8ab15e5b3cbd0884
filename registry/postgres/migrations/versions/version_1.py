"""Make the tables.

A record is compared by its folded handle, as bytes. Its values are not compressed: they are joined to answers as
they are. ``version`` counts its changes. Counts of a prefix are spread over lanes, one for each writing node.
``writer`` has one row for each node that writes, with the token of its last transaction: so that a commit without
an answer can be told from one that did not happen, also when all that it wrote was changed since. ``shared_file``
holds what all nodes sign with.
"""

from alembic import op

revision = "1"
down_revision = None

_RECORD = """
CREATE TABLE record (
    folded bytea PRIMARY KEY,
    spelled bytea NOT NULL,
    packed bytea NOT NULL,
    public boolean NOT NULL,
    version bigint NOT NULL DEFAULT 1
)
"""

_OTHERS = """
CREATE TABLE prefix_count (
    prefix bytea, lane smallint, n bigint NOT NULL, PRIMARY KEY (prefix, lane)
) WITH (fillfactor = 50);
CREATE TABLE prefix_change (seq bigserial PRIMARY KEY, folded bytea NOT NULL);
CREATE TABLE writer (id bigint PRIMARY KEY, token bigint NOT NULL) WITH (fillfactor = 10);
CREATE TABLE shared_file (name text PRIMARY KEY, content bytea NOT NULL);
CREATE TABLE copied (source text PRIMARY KEY, after bytea NOT NULL, records bigint NOT NULL)
"""


def upgrade() -> None:
    """Make the tables; ``record`` in as many partitions as were asked for."""
    parts = op.get_context().opts["partitions"]
    op.execute(_RECORD + ("PARTITION BY HASH (folded)" if parts else ""))
    for number in range(parts):
        op.execute(
            f"CREATE TABLE record_{number} PARTITION OF record "
            f"FOR VALUES WITH (MODULUS {parts}, REMAINDER {number})"
        )
    op.execute("ALTER TABLE record ALTER packed SET STORAGE EXTERNAL")
    for statement in _OTHERS.split(";"):
        op.execute(statement)
