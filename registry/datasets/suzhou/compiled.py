"""Enterprises for native code: the tables and constants of suffixes and plans, lent to suzhou.h.

Here is only what native code reads; it does the same as `suffixes` and `records`, and tests hold the two together.
"""

from collections.abc import Sequence
from typing import Final

from idnode.registry.datasets.suzhou.enterprises import DAYS, Enterprise
from idnode.registry.datasets.suzhou.identifiers import Identifiers
from idnode.registry.datasets.suzhou.native import Form, NativeEnterprise, Table
from idnode.registry.datasets.suzhou.records import BY_CHANCE, BY_DAY, SIZE_BOUNDS, Plan
from idnode.registry.datasets.suzhou.suffixes import Column

_SHARED_TEXTS: Final = 100
"""Columns of so many texts are those of days, which enterprises share; others are copied to each."""

_forms: dict[tuple[tuple[int, int, int], ...], tuple[Plan, Form]] = {}
_tables: dict[int, tuple[Sequence[bytes], Table]] = {}
_joined: dict[Column, bytes] = {}


def compiled(enterprise: Enterprise, identifiers: Identifiers) -> NativeEnterprise:
    """Return an enterprise's identifiers for native readers."""
    suffixes = identifiers.suffixes
    style = suffixes.style
    return NativeEnterprise(
        enterprise.prefix,
        (
            *(suffixes.key, suffixes.volume, suffixes.gap, suffixes.span, suffixes.digits),
            *(suffixes.checked, DAYS, style.day_column, suffixes.length),
        ),
        (style.head, style.join_first, style.join_second),
        (
            _column(style.first, suffixes.first_remainders),
            _column(style.second, suffixes.second_remainders),
        ),
        enterprise.value_key,
        SIZE_BOUNDS,
        [
            (_form(plan), [step.before for step in plan.steps], plan.after)
            for plan in identifiers.records.plans
        ],
    )


def _column(column: Column, remainders: bytes) -> tuple[bytes, bytes, int, bool]:
    if len(column) < _SHARED_TEXTS:
        return b"".join(column.texts), remainders, column.width, False
    if column not in _joined:
        _joined[column] = b"".join(column.texts)
    return _joined[column], remainders, column.width, True


def _form(plan: Plan) -> Form:
    """Return what varies in a plan's records, one for all enterprises with the same template."""
    key = tuple((step.kind, id(step.table), step.number) for step in plan.steps)
    found = _forms.get(key)
    if (
        found is None
    ):  # the plan is kept, too, so that nothing else gets the number of a table of it
        steps = [
            (
                step.kind,
                _table(step.table) if step.kind in {BY_CHANCE, BY_DAY} else None,
                step.number,
            )
            for step in plan.steps
        ]
        found = _forms[key] = (plan, Form(steps))
    return found[1]


def _table(entries: Sequence[bytes]) -> Table:
    """Return the table of ready values, one for all that share it."""
    found = _tables.get(id(entries))
    if found is None:
        found = _tables[id(entries)] = (entries, Table(entries))
    return found[1]
