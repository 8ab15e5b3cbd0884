"""Fills the data of a case with the names of one run, in the forms that the node and the client take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idnode.node.conform.evidence import Expected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from idnode.node.conform.evidence import Values

_LATE: Final = frozenset(("resolve", "resolve_each"))
"""Operations whose result is the values of records."""


def filled(found: Any, names: Mapping[str, str]) -> Any:
    """Return data with each name such as ``{handle}`` replaced, in keys and texts."""
    if isinstance(found, str):
        for name, text in names.items():
            found = found.replace(name, text)
        return int(found) if found in (names.get("{port}"), names.get("{other_port}")) else found
    if isinstance(found, dict):
        return {filled(key, names): filled(value, names) for key, value in found.items()}
    if isinstance(found, list):
        return [filled(each, names) for each in found]
    return found


def values_of(rows: Iterable[Sequence[Any]]) -> Values:
    """Return the values of a record: index, type, data and, if the data repeats, how often."""
    return tuple(
        (int(row[0]), str(row[1]), str(row[2]) * (int(row[3]) if len(row) > 3 else 1))
        for row in rows
    )


def objects_of(rows: Sequence[Any], *, items: bool = False) -> list[dict[str, Any]]:
    """Return values, or items of a batch, as the client is told them."""
    if items:
        return [{"handle": handle, "values": objects_of(values)} for handle, values in rows]
    return [{"index": index, "type": kind, "data": data} for index, kind, data in values_of(rows)]


def administrator(handle: str) -> dict[str, Any]:
    """Return an HS_ADMIN value that names the key at index 300 of a handle."""
    value = {"handle": handle, "index": 300, "permissions": "111111111111"}
    return {"index": 100, "type": "HS_ADMIN", "data": {"format": "admin", "value": value}}


def fault_of(
    given: Mapping[str, Any], name: str, face: str, handles: Sequence[str]
) -> dict[str, Any]:
    """Return a fault as the node takes it; without conditions it is for the handles of the case."""
    match = given["match"]
    if match is None:
        common = _common(handles)
        match = {"face": face, "handle": f"{common}*"} if common else {"face": face}
    return {"name": name, "match": match, "action": given["action"], "when": given["when"]}


def _common(handles: Sequence[str]) -> str:
    first = min(handles, key=len, default="")
    return first if all(each.startswith(first) for each in handles) else ""


def expected_of(data: Mapping[str, Any], records: Mapping[str, Values]) -> Expected:
    """Return what is right; of a resolution that succeeds without further word, the records that are there."""
    right, task = data["right"], data["task"]
    values = None if right["values"] is None else values_of(right["values"])
    many = None
    if task["operation"] in _LATE and right["outcome"] == "ok" and values is None:
        found = [_wanted(records, handle, task) for handle in task["handles"]]
        if task["operation"] == "resolve":
            values = found[0]
        else:
            many = tuple(found)
    return Expected(
        right["outcome"],
        values,
        many,
        None if right["handles"] is None else tuple(right["handles"]),
        None if right["items"] is None else tuple((name, ok) for name, ok in right["items"]),
        {
            handle: None if rows is None else values_of(rows)
            for handle, rows in right["state"].items()
        },
    )


def _wanted(records: Mapping[str, Values], handle: str, task: Mapping[str, Any]) -> Values:
    folded = {name.upper(): values for name, values in records.items()}
    return tuple(
        each
        for each in folded.get(handle.upper(), ())
        if (not task["types"] and not task["indexes"])
        or each[1] in task["types"]
        or each[0] in task["indexes"]
    )
