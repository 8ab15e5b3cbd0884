"""Finds which rights a change of an existing record takes, by what it does to each value (handle-protocol.md §5.1, §6.2).

A value counts as unchanged when everything but its timestamp is: it takes no right, and keeps its timestamp. A
value with public write may be changed by anybody. HS_ADMIN values take the rights of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from idnode.registry.handle.model import Permission
from idnode.registry.handle.types.hs_admin import Right
from idnode.registry.handle.values import join, spans

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idnode.registry.handle.values import Span

_ADMIN_TYPE: Final = b"HS_ADMIN"
_BEHIND_TIMESTAMP: Final = 8
"""Where the part of a packed value begins that follows index and timestamp (handle-protocol.md §3.1)."""


class Difference(NamedTuple):
    """The difference of two value lists: the rights it takes, the values to write, and whether there is any."""

    rights: int
    values: bytes
    changed: bool


def to_add(present: bytes, coming: bytes) -> Difference:
    """Return what adding the coming values takes; those that are there unchanged are left out of the values."""
    old = _by_index(present)
    rights, fresh = 0, []
    for span in spans(coming):
        former = old.get(span.index)
        if former is not None and _same(present, former, coming, span):
            continue
        rights |= _right_to_add(span) if former is None else right_to_replace(former, span)
        fresh.append(coming[span.start : span.end])
    return Difference(rights, join(fresh), bool(fresh))


def to_replace_all(present: bytes, coming: bytes) -> Difference:
    """Return what it takes to have the coming values stand for all that are present."""
    old = _by_index(present)
    rights, result, changed = 0, [], False
    for span in spans(coming):
        former = old.pop(span.index, None)
        if former is not None and _same(present, former, coming, span):
            result.append(present[former.start : former.end])
            continue
        changed = True
        rights |= _right_to_add(span) if former is None else right_to_replace(former, span)
        result.append(coming[span.start : span.end])
    rights |= to_remove(old.values())
    return Difference(rights, join(result), changed or bool(old))


def to_remove(leaving: Iterable[Span]) -> int:
    """Return the rights that removing these values takes."""
    rights = 0
    for span in leaving:
        rights |= Right.REMOVE_ADMIN if is_admin(span) else Right.REMOVE_VALUE
    return rights


def right_to_replace(former: Span, coming: Span) -> int:
    """Return the rights to put a value in the place of another; none if everybody may write it."""
    if is_admin(former):
        return Right.MODIFY_ADMIN if is_admin(coming) else Right.REMOVE_ADMIN | Right.MODIFY_VALUE
    if is_admin(coming):
        return Right.MODIFY_VALUE | Right.ADD_ADMIN
    return 0 if former.permissions & Permission.PUBLIC_WRITE else Right.MODIFY_VALUE


def is_admin(span: Span) -> bool:
    """Return whether a value names administrators."""
    return span.type.upper() == _ADMIN_TYPE


def _right_to_add(span: Span) -> int:
    return Right.ADD_ADMIN if is_admin(span) else Right.ADD_VALUE


def _by_index(packed: bytes) -> dict[int, Span]:
    return {span.index: span for span in spans(packed)}


def _same(present: bytes, former: Span, coming: bytes, span: Span) -> bool:
    """Return whether two values differ in their timestamps at most."""
    before = present[former.start + _BEHIND_TIMESTAMP : former.end]
    return before == coming[span.start + _BEHIND_TIMESTAMP : span.end]
