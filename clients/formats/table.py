"""The formats that there are, a row each, in the order in which they are tried on a file."""

from typing import Final

from idnode.clients.formats.batch_file import BATCH
from idnode.clients.formats.epic import EPIC
from idnode.clients.formats.json_records import JSON
from idnode.clients.formats.ndjson import NDJSON
from idnode.clients.formats.packed import MSGPACK
from idnode.clients.formats.record import Format
from idnode.clients.formats.sql_csv import CSV

FORMATS: Final[dict[str, Format]] = {
    each.name: each for each in (EPIC, NDJSON, JSON, MSGPACK, BATCH, CSV)
}

HEAD_BYTES: Final = 64 << 10
"""How much of a file is looked at to recognise its format."""


def recognise(head: bytes) -> Format | None:
    """Return the format of a file that begins with these bytes, None if it is none of them."""
    return next((each for each in FORMATS.values() if each.recognises(head)), None)
