"""Batch files of Handle.Net (technical manual, chapter 4): operations as text, to be carried out in order.

An operation begins with its name and ends with a blank line or the next operation. A value line is
``index type ttl permissions KIND data``; `KINDS` has the kinds of data. Lines are UTF-8, and end in LF, CR or both; names
count in any case, as there.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from idnode.clients.formats.batch_values import INCOMPLETE, read_value, value_line
from idnode.clients.formats.item import items_of
from idnode.clients.formats.record import Format, Record, Source, Target, Unreadable, Unsayable
from idnode.registry.handle.model import HandleValue, TtlType

LINE_BYTES_MAX: Final = 8 << 20
OPERATIONS: Final = (
    "CREATE",
    "ADD",
    "MODIFY",
    "REMOVE",
    "DELETE",
    "HOME",
    "UNHOME",
    "AUTHENTICATE",
    "SESSIONSETUP",
)
WITH_VALUES: Final = frozenset({"CREATE", "ADD", "MODIFY"})
_FIRST: Final = re.compile(rf"({'|'.join(OPERATIONS)})(?: +(.*))?", re.IGNORECASE)
_INDEXES: Final = re.compile(r"(\d+(?: *, *\d+)*) *: *(.+)")


@dataclass(slots=True)
class Operation:
    """One operation: its name, the line it begins at, what follows the name, and what the lines below hold."""

    name: str
    line: int
    subject: str
    values: list[HandleValue] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def indexes_and_handle(self) -> tuple[list[int], str]:
        """Return which values of which handle are removed.

        Raises:
            Unreadable: Not of the form ``1,2:handle``.

        """
        match = _INDEXES.fullmatch(self.subject)
        if match is None:
            raise Unreadable(self.line, "expected REMOVE INDEX,…:HANDLE")
        return list(map(int, match[1].split(","))), match[2]


def operations(file: BinaryIO, folder: Path) -> Iterator[Operation]:
    """Yield the operations of a batch file; paths in it start from ``folder``.

    Raises:
        Unreadable: A line is none of an operation, or a file that it names cannot be read.

    """
    current: Operation | None = None
    pending = ""
    for number, text in _lines(file):
        # Data that goes on in the next line may look like the start of an operation.
        match = None if pending else _FIRST.fullmatch(text.strip())
        if match is not None and not _is_secret(current):
            if current is not None:
                yield current
            name = match[1].upper()
            current = Operation(name, number, (match[2] or "").strip())
            if name != "SESSIONSETUP" and not current.subject:
                raise Unreadable(number, f"nothing follows {name}")
        elif not text.strip():
            if pending:
                raise Unreadable(number, "the data of a value is missing")
            # A blank line before the secret of AUTHENTICATE ends nothing.
            if current is not None and not _is_secret(current):
                yield current
                current = None
        elif current is None:
            raise Unreadable(number, f"{text[:40]!r} belongs to no operation")
        elif current.name in WITH_VALUES:
            pending = _take_value(current, number, pending + text, folder)
        else:
            current.lines.append(text if current.name == "AUTHENTICATE" else text.strip())
    if pending:
        raise Unreadable(number, "the file ends within a value")
    if current is not None:
        yield current


def _is_secret(current: Operation | None) -> bool:
    """Return whether the next line is the secret of AUTHENTICATE, whatever it looks like."""
    return current is not None and current.name == "AUTHENTICATE" and not current.lines


def _take_value(current: Operation, number: int, text: str, folder: Path) -> str:
    """Add a value to the operation; return the line if its data stands in the next one."""
    if INCOMPLETE.fullmatch(text):
        return text.rstrip() + " "
    try:
        current.values.append(read_value(text, folder))
    except ValueError as error:
        raise Unreadable(number, str(error)) from error
    except OSError as error:
        raise Unreadable(number, f"{error.filename}: {error.strerror}") from error
    return ""


def _lines(file: BinaryIO) -> Iterator[tuple[int, str]]:
    number = 0
    while line := file.readline(LINE_BYTES_MAX + 1):
        if len(line) > LINE_BYTES_MAX:
            raise Unreadable(number + 1, f"longer than {LINE_BYTES_MAX} bytes")
        try:
            text = line.decode("utf-8" if number else "utf-8-sig")
        except UnicodeDecodeError as error:
            raise Unreadable(number + 1, f"no UTF-8: {error.reason}") from error
        for each in text.removesuffix("\n").removesuffix("\r").split("\r"):
            number += 1
            yield number, each


def _recognises(head: bytes) -> bool:
    lines = head.removeprefix(b"\xef\xbb\xbf").decode(errors="replace").splitlines()
    first = next((line.strip() for line in lines if line.strip()), "")
    return _FIRST.fullmatch(first) is not None


def _read(source: Source) -> Iterator[Record]:
    for each in operations(source.file, source.folder):
        if each.name != "CREATE":
            raise Unreadable(each.line, f"{each.name} makes no record: use `idnode batch`")
        yield Record(each.subject, tuple(each.values), each.line)


def _write(records: Iterable[Record], target: Target) -> Iterator[bytes]:
    for record in records:
        lines = [f"CREATE {_subject(record.handle)}"]
        lines += [_line(record.handle, value, target.keep) for value in record.values]
        yield ("\n".join(lines) + "\n\n").encode()


def _subject(handle: str) -> str:
    if handle.strip() != handle or handle.splitlines() != [handle]:
        raise Unsayable(f"{handle!r}: a batch file has no form for such a handle")
    return handle


def _line(handle: str, value: HandleValue, keep: Callable[[bytes], str]) -> str:
    if value.references or value.ttl_type != TtlType.RELATIVE:
        raise Unsayable(
            f"{handle} value {value.index}: a batch file has no references and no absolute TTL"
        )
    if not value.type.split() == [value.type]:
        raise Unsayable(f"{handle} value {value.index}: a batch file has no types with blanks")
    return value_line(value, keep)


BATCH = Format("batch", "batch file of Handle.Net", _recognises, items_of(_read), _write)
