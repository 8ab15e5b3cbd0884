"""Answers for people and for scripts: text in the manner of `dig`, and JSON. Pure functions to `str`.

Text from a peer is shown with everything unprintable escaped, so that no answer can drive a terminal.
"""

import json
from typing import TYPE_CHECKING, Any, Final

from idnode.clients.json_values import iso_time, to_json
from idnode.registry.handle.model import TtlType
from idnode.registry.handle.printing import printable
from idnode.registry.handle.types.table import TYPES
from idnode.registry.handle.wire.constants import OpFlag, name_of_op, name_of_response

if TYPE_CHECKING:
    from idnode.clients.answer import Answer, Question
    from idnode.registry.handle.model import HandleValue

FLAG_NAMES: Final = {
    OpFlag.AUTHORITATIVE: "auth",
    OpFlag.CERTIFY: "cert",
    OpFlag.ENCRYPT: "encr",
    OpFlag.RECURSIVE: "recu",
    OpFlag.CACHE_CERTIFY: "cacr",
    OpFlag.CONTINUOUS: "cont",
    OpFlag.KEEP_ALIVE: "kpal",
    OpFlag.PUBLIC_ONLY: "publ",
    OpFlag.REQUEST_DIGEST: "rrdg",
    OpFlag.OVERWRITE: "ovrw",
    OpFlag.MINT_SUFFIX: "mint",
    OpFlag.DO_NOT_REFER: "dnrf",
    OpFlag.RECURSIVE_AUTHORIZATION: "recu_auth",
    OpFlag.TRUSTED_QUERY: "trusted_query",
    OpFlag.TRUSTED_RESULT: "trusted_result",
}
"""Short names of the flags, as handle-protocol.md §2.1 gives them."""

_DATA_CHARACTERS_MAX: Final = 2000


def format_answer(question: "Question", answer: "Answer", *, now: float) -> str:
    """Return an answer as text, several lines, ending in a line end; ``now`` is in epoch seconds."""
    lines = [
        _head(answer),
        _header(answer),
        "",
        ";; QUESTION SECTION:",
        f";{printable(question.handle.decode(errors='replace'))}\t{_filters(question)}",
        "",
    ]
    if answer.message:
        lines += [f";; MESSAGE: {printable(answer.message)}", ""]
    if answer.referral:
        lines += [f";; REFERRAL: {printable(answer.referral.decode(errors='replace'))}", ""]
    if answer.values:
        lines += [";; ANSWER SECTION:", *_table(answer.values), ""]
    lines += _tail(answer, now)
    return "\n".join(lines) + "\n"


def _head(answer: "Answer") -> str:
    return (
        f";; ->>HEADER<<- opcode: {name_of_op(answer.op_code)} ({answer.op_code}), "
        f"response: {name_of_response(answer.response_code)} ({answer.response_code}), "
        f"id: {answer.request_id}"
    )


def _header(answer: "Answer") -> str:
    version = ".".join(map(str, answer.version)) if answer.version else "-"
    serial = "-" if answer.site_serial is None else answer.site_serial
    return (
        f";; flags: {' '.join(flag_names(answer.op_flags)) or '-'}; version: {version}; "
        f"site serial: {serial}; values: {len(answer.values)}"
    )


def flag_names(op_flags: int) -> list[str]:
    """Return the short names of the flags that are set, highest bit first, unknown ones as hex."""
    names = [name for bit, name in FLAG_NAMES.items() if op_flags & bit]
    unknown = op_flags & ~sum(FLAG_NAMES)
    return [*names, f"{unknown:#010x}"] if unknown else names


def _filters(question: "Question") -> str:
    indexes = ",".join(map(str, question.indexes))
    types = ",".join(printable(entry.decode(errors="replace")) for entry in question.types)
    wanted = [f"index {indexes}" if indexes else "", f"type {types}" if types else ""]
    return " or ".join(filter(None, wanted)) or "all values"


def _table(values: "tuple[HandleValue, ...]") -> list[str]:
    rows = [
        (
            str(value.index),
            _ttl(value),
            printable(value.type),
            f"{value.permissions:04b}",
            readable_data(value),
        )
        for value in values
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]])
        for row in rows
    ]


def _ttl(value: "HandleValue") -> str:
    return f"until:{iso_time(value.ttl)}" if value.ttl_type == TtlType.ABSOLUTE else str(value.ttl)


def _tail(answer: "Answer", now: float) -> list[str]:
    taken = "0 ms (cache)" if answer.from_cache else f"{answer.seconds * 1000:.2f} ms"
    parts = "" if answer.packets == 1 else f" in {answer.packets} packets"
    lines = [
        f";; Query time: {taken}",
        f";; SERVER: {answer.server} ({answer.transport.upper()})",
        f";; WHEN: {iso_time(now)}",
    ]
    if answer.expiration is not None:
        lines.append(f";; EXPIRES: {iso_time(answer.expiration)}")
    lines.append(f";; MSG SIZE  rcvd: {answer.message_bytes}{parts}")
    return lines


def readable_data(value: "HandleValue") -> str:
    """Return a value's data on one line: explained as its type says, text quoted, else hex."""
    shown = TYPES.data_text(value.type, value.data)
    if shown is not None:
        return shown
    try:
        text = printable(value.data.decode())
    except UnicodeDecodeError:
        text = f"\\# {len(value.data)} {value.data.hex()}"
    else:
        text = f'"{text}"'
    return text if len(text) <= _DATA_CHARACTERS_MAX else f"{text[:_DATA_CHARACTERS_MAX]}…"


def answer_object(answer: "Answer") -> dict[str, Any]:
    """Return an answer as a JSON object: the JSON API's members, then how it came."""
    found: dict[str, Any] = {
        "responseCode": answer.response_code,
        "handle": answer.handle.decode(errors="replace"),
    }
    if answer.message:
        found["message"] = answer.message
    if answer.referral:
        found["referral"] = answer.referral.decode(errors="replace")
    found["values"] = [
        to_json(value) | ({"timestamp": iso_time(value.timestamp)} if value.timestamp else {})
        for value in answer.values
    ]
    found["transport"] = str(answer.transport)
    found["server"] = answer.server
    found["seconds"] = round(answer.seconds, 6)
    found["messageBytes"] = answer.message_bytes
    found["packets"] = answer.packets
    if answer.version:
        found["protocolVersion"] = ".".join(map(str, answer.version))
        found["flags"] = flag_names(answer.op_flags)
        found["siteSerial"] = answer.site_serial
        found["requestId"] = answer.request_id
        found["expiration"] = answer.expiration
    return found


def format_json(answer: "Answer") -> str:
    """Return an answer as indented JSON, ending in a line end; text other than ASCII stays as it is."""
    return json.dumps(answer_object(answer), ensure_ascii=False, indent=2) + "\n"
