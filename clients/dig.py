"""Answers for people and for scripts: text in the manner of `dig`, and JSON. Pure functions to `str`.

Text from a peer is shown with everything unprintable escaped, so that no answer can drive a terminal.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from idnode.clients.json_values import iso_time, to_json
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.model import TtlType
from idnode.registry.handle.types.hs_admin import RIGHT_NAMES, Right, decode_admin, permissions_text
from idnode.registry.handle.types.hs_site import decode_site
from idnode.registry.handle.types.hs_vlist import decode_vlist
from idnode.registry.handle.wire.constants import (
    InterfaceType,
    OpFlag,
    name_of_op,
    name_of_response,
)
from idnode.registry.handle.wire.constants import Transport as InterfaceTransport
from idnode.registry.handle.wire.errors import ProtocolError

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

_TRANSPORT_NAMES: Final = {
    InterfaceTransport.UDP: "udp",
    InterfaceTransport.TCP: "tcp",
    InterfaceTransport.HTTP: "http",
    InterfaceTransport.HTTPS: "https",
}
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
    """Return a value's data on one line: HS_ADMIN, HS_VLIST and HS_SITE explained, text quoted, else hex."""
    form = _form_of(value.type)
    if form is not None:
        try:
            return form(value.data)
        except (ProtocolError, RegistryError):
            pass
    try:
        text = printable(value.data.decode())
    except UnicodeDecodeError:
        text = f"\\# {len(value.data)} {value.data.hex()}"
    else:
        text = f'"{text}"'
    return text if len(text) <= _DATA_CHARACTERS_MAX else f"{text[:_DATA_CHARACTERS_MAX]}…"


def _form_of(value_type: str) -> Callable[[bytes], str] | None:
    folded = value_type.upper()
    if folded == "HS_SITE" or folded.startswith("HS_SITE."):
        return site_text
    return {"HS_ADMIN": admin_text, "HS_VLIST": vlist_text, "HS_SECKEY": _secret_text}.get(folded)


def _secret_text(data: bytes) -> str:
    return f"(secret of {len(data)} bytes)"


def admin_text(data: bytes) -> str:
    """Return HS_ADMIN data as ``301:0.NA/88.900.1 [111111111111] all rights``.

    Raises:
        ProtocolError, InvalidHandle: The bytes are no HS_ADMIN data.

    """
    admin = decode_admin(data)
    rights = admin.permissions & Right.ALL
    names = " ".join(name for bit, name in RIGHT_NAMES.items() if rights & bit)
    shown = "all rights" if rights == Right.ALL else names or "no rights"
    return f"{_reference(admin.handle, admin.index)} [{permissions_text(rights)}] {shown}"


def vlist_text(data: bytes) -> str:
    """Return HS_VLIST data as its members, comma-separated.

    Raises:
        ProtocolError, InvalidHandle: The bytes are no HS_VLIST data.

    """
    members = [_reference(member.handle, member.index) for member in decode_vlist(data)]
    return ", ".join(members) or "(no members)"


def site_text(data: bytes) -> str:
    """Return HS_SITE data as ``primary serial 1 v2.11; server 1 at 127.0.0.1: tcp/2641 query+admin``.

    Raises:
        ProtocolError: The bytes are no site record.

    """
    site = decode_site(data)
    kind = "primary" if site.primary else "mirror"
    parts = [f"{kind} serial {site.serial} v{site.protocol_major}.{site.protocol_minor}"]
    parts += [
        f'{printable(name.decode(errors="replace"))}="{printable(text.decode(errors="replace"))}"'
        for name, text in site.attributes
    ]
    for server in site.servers:
        interfaces = " ".join(
            f"{_TRANSPORT_NAMES.get(each.transport, each.transport)}/{each.port}"
            f"({_interface_kind(each.type)})"
            for each in server.interfaces
        )
        parts.append(f"server {server.server_id} at {server.host}: {interfaces or 'no interface'}")
    return "; ".join(parts)


def _interface_kind(kind: int) -> str:
    names = [
        name
        for bit, name in ((InterfaceType.QUERY, "query"), (InterfaceType.ADMIN, "admin"))
        if kind & bit
    ]
    return "+".join(names) or "disabled"


def _reference(handle: bytes, index: int) -> str:
    return f"{index}:{printable(handle.decode(errors='replace'))}"


def printable(text: str) -> str:
    """Return text with everything that is not printable escaped, so that it stays on its line."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape", "replace").decode()
        for each in text
    )


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
