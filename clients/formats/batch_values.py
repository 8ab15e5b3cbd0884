"""Value lines of Handle.Net's batch files: ``index type ttl permissions KIND data``."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from idnode.registry.handle import lenient_json
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.types.hs_admin import AdminValue, decode_admin, encode_admin
from idnode.registry.handle.types.hs_site import encode_site
from idnode.registry.handle.types.hs_site_forms import site_from_json
from idnode.registry.handle.types.hs_vlist import Member, decode_vlist, encode_vlist
from idnode.registry.handle.types.json_reading import MalformedJson
from idnode.registry.handle.wire.errors import ProtocolError

_FIELDS: Final = re.compile(
    r" *(\d+) +(\S+) +(-?\d+) +(\S{4})\S* +(UTF8|ADMIN|FILE|LIST)(?: (.*))?", re.IGNORECASE
)
INCOMPLETE: Final = re.compile(r" *\d+ +\S+ +-?\d+ +\S{4,} +(?:ADMIN|FILE|LIST) *", re.IGNORECASE)
"""A line whose data stands in the next one, as the manual itself prints it."""

_SITE_TYPE: Final = "HS_SITE"
_ADMIN: Final = re.compile(r"(\d+):([01]{0,12}):(.+)")
_MEMBER: Final = re.compile(r"(\d+):([^;]+)")


def read_value(line: str, folder: Path) -> HandleValue:
    """Return the value of a line; a site may come as ``siteinfo.json``, too.

    Raises:
        ValueError: The line is no value, or breaks the data model.
        OSError: The file that it names cannot be read.

    """
    match = _FIELDS.fullmatch(line)
    if match is None:
        raise ValueError("expected INDEX TYPE TTL PERMISSIONS UTF8|ADMIN|FILE|LIST DATA")
    index, kind, ttl, marks, form, text = match.groups()
    permissions = sum((mark == "1") << 3 - place for place, mark in enumerate(marks))
    try:
        data = KINDS[form.upper()]((text or "").strip(), folder)
        if form.upper() == "FILE" and kind.upper() == _SITE_TYPE and data.lstrip().startswith(b"{"):
            data = encode_site(site_from_json(lenient_json.read(data.decode())))
        return HandleValue(int(index), kind, data, int(ttl), permissions=permissions)
    except (RegistryError, ProtocolError, MalformedJson, lenient_json.MalformedJsonText) as error:
        raise ValueError(str(error)) from error


def _text(text: str, _folder: Path) -> bytes:
    return text.encode()


def _file(text: str, folder: Path) -> bytes:
    return (folder / text.strip()).read_bytes()


def _admin(text: str, _folder: Path) -> bytes:
    match = _ADMIN.fullmatch(text.strip())
    if match is None:
        raise ValueError("expected ADMIN INDEX:RIGHTS:HANDLE, as in ADMIN 300:111111111111:0.NA/x")
    return encode_admin(AdminValue(_rights(match[2]), match[3].encode(), int(match[1])))


def _list(text: str, _folder: Path) -> bytes:
    members = [part.strip() for part in text.split(";") if part.strip()]
    matches = [_MEMBER.fullmatch(part) for part in members]
    if None in matches:
        raise ValueError("expected LIST INDEX:HANDLE;…, as in LIST 300:0.NA/x;301:0.NA/x;")
    return encode_vlist([Member(each[2].encode(), int(each[1])) for each in matches if each])


KINDS: Final[dict[str, Callable[[str, Path], bytes]]] = {
    "UTF8": _text,
    "FILE": _file,
    "ADMIN": _admin,
    "LIST": _list,
}
"""Reader of each kind of data."""

_POSITIONS: Final = (0, 1, 2, 3, 4, 5, 6, 10, 7, 8, 9, 11)
"""Bit of each character of an administrator's rights: reading values stands before the three of administrators."""


def _rights(text: str) -> int:
    return sum(1 << bit for bit, mark in zip(_POSITIONS, text, strict=False) if mark == "1")


def value_line(value: HandleValue, keep: Callable[[bytes], str]) -> str:
    """Return the line of a value; data that no line can hold is kept beside it by ``keep``."""
    said = _said(value)
    if said is None:
        said = f"FILE {keep(value.data)}"
    return f"{value.index} {value.type} {value.ttl} {value.permissions:04b} {said}"


def _said(value: HandleValue) -> str | None:
    """Return kind and data if reading them gives the same bytes."""
    for said in (_admin_text(value), _list_text(value), _plain_text(value)):
        if said is None:
            continue
        line = f"1 T 0 1110 {said}"
        if line.splitlines() != [line] or INCOMPLETE.fullmatch(line):
            continue
        try:
            if read_value(line, Path()).data == value.data:
                return said
        except ValueError:
            continue
    return None


def _admin_text(value: HandleValue) -> str | None:
    if value.type != "HS_ADMIN":
        return None
    try:
        admin = decode_admin(value.data)
        rights = "".join(str(admin.permissions >> bit & 1) for bit in _POSITIONS)
        return f"ADMIN {admin.index}:{rights}:{admin.handle.decode()}"
    except (ProtocolError, RegistryError, UnicodeDecodeError):
        return None


def _list_text(value: HandleValue) -> str | None:
    if value.type != "HS_VLIST":
        return None
    try:
        members = decode_vlist(value.data)
        listed = [f"{each.index}:{each.handle.decode()};" for each in members]
    except (ProtocolError, RegistryError, UnicodeDecodeError):
        return None
    return f"LIST {' '.join(listed)}" if listed else None


def _plain_text(value: HandleValue) -> str | None:
    try:
        return f"UTF8 {value.data.decode()}"
    except UnicodeDecodeError:
        return None
