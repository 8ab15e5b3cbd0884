r"""CSV dump of the table in which Handle.Net keeps handles in an SQL database, a value a line.

Columns by name, in any order, or without a header in the table's order. Byte columns are text, or
``\\x…`` (PostgreSQL) or ``0x…`` (MySQL) in hexadecimal. References are ``index:handle`` with tabs between.
"""

import csv
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from io import StringIO, TextIOWrapper
from typing import Final
from urllib.parse import quote, unquote

from idnode.clients.formats.item import items_of
from idnode.clients.formats.record import Format, Record, Source, Target, Unreadable
from idnode.clients.json_values import UNREADABLE
from idnode.registry.handle.limits import RECORD_BYTES_MAX
from idnode.registry.handle.model import HandleValue, Permission, Reference

COLUMNS: Final = (
    "handle",
    "idx",
    "type",
    "data",
    "ttl_type",
    "ttl",
    "timestamp",
    "refs",
    "admin_read",
    "admin_write",
    "pub_read",
    "pub_write",
)
_NEEDED: Final = frozenset({"handle", "idx", "type", "data"})
_GRANTS: Final = {
    "admin_read": (Permission.ADMIN_READ, "1"),
    "admin_write": (Permission.ADMIN_WRITE, "1"),
    "pub_read": (Permission.PUBLIC_READ, "1"),
    "pub_write": (Permission.PUBLIC_WRITE, "0"),
}
_TRUE: Final = frozenset({"1", "t", "true", "y", "yes", "\x01"})
_NULL: Final = frozenset({"", "\\N", "NULL"})
_HEXADECIMAL: Final = re.compile(r"(?:\\x|0[xX])((?:[0-9a-fA-F]{2})*)")
_FIELD_BYTES_MAX: Final = 4 * RECORD_BYTES_MAX


def _recognises(head: bytes) -> bool:
    line = head.lstrip(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode(errors="replace").strip()
    try:
        row = next(csv.reader([line]), [])
    except csv.Error:
        return False
    if {name.strip().lower() for name in row} >= _NEEDED:
        return True
    return len(row) == len(COLUMNS) and row[1].strip().isdigit()


def _read(source: Source) -> Iterator[Record]:
    # Rows of one handle may lie anywhere in a dump; a database on the disk brings them together.
    with closing(sqlite3.connect("")) as rows:
        rows.execute("CREATE TABLE found (handle TEXT, line INTEGER, row TEXT)")
        rows.executemany("INSERT INTO found VALUES (?, ?, ?)", _rows(source))
        rows.execute("CREATE INDEX by_handle ON found (handle, line)")
        values: list[HandleValue] = []
        current, begun = None, 0
        for handle, line, row in rows.execute("SELECT * FROM found ORDER BY handle, line"):
            if handle != current:
                if current is not None:
                    yield Record(current, tuple(values), begun)
                current, begun, values = handle, line, []
            values.append(_value(row, line))
        if current is not None:
            yield Record(current, tuple(values), begun)


def _rows(source: Source) -> Iterator[tuple[str, int, str]]:
    """Yield handle, line and the row as one text for each value of the file."""
    text = TextIOWrapper(source.file, encoding="utf-8-sig", newline="")
    before = csv.field_size_limit(_FIELD_BYTES_MAX)
    reader = csv.reader(text)
    names: tuple[str, ...] = COLUMNS
    begun = 1
    try:
        for row in reader:
            line, begun = begun, reader.line_num + 1
            lowered = tuple([name.strip().lower() for name in row])
            if line == 1 and set(lowered) >= _NEEDED:
                names = lowered
            elif row:
                if len(row) != len(names):
                    raise Unreadable(line, f"{len(row)} columns where {len(names)} are expected")
                found = dict(zip(names, row, strict=True))
                yield _bytes(found["handle"]).decode(), line, _packed(found)
    except (csv.Error, UnicodeDecodeError) as error:
        raise Unreadable(begun, f"no CSV: {error}") from error
    finally:
        csv.field_size_limit(before)
        text.detach()


def _packed(found: Mapping[str, str]) -> str:
    out = StringIO()
    csv.writer(out).writerow([found.get(name, "") for name in COLUMNS])
    return out.getvalue()


def _value(packed: str, line: int) -> HandleValue:
    found = dict(zip(COLUMNS, next(csv.reader(StringIO(packed, newline=""))), strict=True))
    try:
        return HandleValue(
            index=int(found["idx"]),
            type=_bytes(found["type"]).decode(),
            data=_bytes(found["data"]),
            ttl_type=int(_or(found["ttl_type"], "0")),
            ttl=int(_or(found["ttl"], "86400")),
            permissions=sum(
                bit
                for name, (bit, unsaid) in _GRANTS.items()
                if _or(found[name], unsaid).lower() in _TRUE
            ),
            references=tuple([_reference(each) for each in _references(found["refs"])]),
        )
    except UNREADABLE as error:
        raise Unreadable(line, f"no value: {error}") from error


def _or(text: str, unsaid: str) -> str:
    return unsaid if text in _NULL else text


def _bytes(text: str) -> bytes:
    if text == "\\N":
        return b""
    match = _HEXADECIMAL.fullmatch(text)
    return text.encode() if match is None else bytes.fromhex(match[1])


def _references(text: str) -> list[str]:
    return [] if text in _NULL else _bytes(text).decode().split("\t")


def _reference(text: str) -> Reference:
    index, _, handle = text.partition(":")
    return Reference(unquote(handle), int(index))


def _write(records: Iterable[Record], _target: Target) -> Iterator[bytes]:
    yield (",".join(COLUMNS) + "\n").encode()
    for record in records:
        out = StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerows(_cells(record.handle, value) for value in record.values)
        yield out.getvalue().encode()


def _cells(handle: str, value: HandleValue) -> list[str]:
    references = "\t".join(
        f"{each.index}:{quote(each.handle, safe='/.:')}" for each in value.references
    )
    grants = [str(int(bool(value.permissions & bit))) for bit, _ in _GRANTS.values()]
    return [
        _text(handle.encode()),
        str(value.index),
        _text(value.type.encode()),
        _text(value.data),
        str(int(value.ttl_type)),
        str(value.ttl),
        str(value.timestamp),
        references,
        *grants,
    ]


def _text(data: bytes) -> str:
    """Return a cell that `_bytes` reads as these bytes: text, or hexadecimal where text would not do."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return "\\x" + data.hex()
    # NUL and a lone CR do not survive in CSV; text that looks like hexadecimal would be read as such.
    if text == "\\N" or "\0" in text or "\r" in text or _HEXADECIMAL.fullmatch(text):
        return "\\x" + data.hex()
    return text


CSV = Format("csv", "CSV of Handle.Net's SQL table", _recognises, items_of(_read), _write)
