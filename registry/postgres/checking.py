"""Checks a register in a database: each record is whole and under its own folded handle, and the counts are right."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from idnode.registry.handle.errors import InvalidValue
from idnode.registry.handle.names import fold, prefix_of
from idnode.registry.handle.printing import printable
from idnode.registry.handle.values import all_public
from idnode.registry.postgres.copying import PostgresCopying

if TYPE_CHECKING:
    from collections.abc import Callable

    from idnode.registry.copying import Item
    from idnode.registry.postgres.address import Address

PROBLEMS_MAX: Final = 100


class CheckReport(NamedTuple):
    """Holds what a check found."""

    records: int
    prefixes: int
    problems: list[str]


async def check(address: Address, progress: Callable[[int, int], None]) -> CheckReport:
    """Read a whole register; ``progress`` is called with records done and in total.

    Raises:
        SchemaUnfit: The tables are not those of this version.
        RegisterUnavailable: The database cannot be reached, or refuses.

    """
    register = await PostgresCopying.open(address)
    problems: list[str] = []
    counted: Counter[bytes] = Counter()
    try:
        total = await register.count()
        async for portion in register.portions(b""):
            for item in portion:
                counted[prefix_of(item.key)] += 1
                problem = _problem(item)
                if problem and len(problems) < PROBLEMS_MAX:
                    problems.append(f"{_shown(item.key)}: {problem}")
            progress(counted.total(), total)
        told = await register.counts()
    finally:
        await register.close()
    problems += [
        f"{_shown(prefix)}: {counted[prefix]} records, counted as {told.get(prefix, 0)}"
        for prefix in sorted(counted.keys() | told.keys())
        if counted[prefix] != told.get(prefix, 0)
    ]
    return CheckReport(counted.total(), len(counted), problems)


def _problem(item: Item) -> str:
    key, (handle, values, public) = item
    if fold(handle) != key:
        return "it is filed under another handle"
    try:
        if public and not all_public(values):
            return "it passes for public, and a value of it is not"
    except InvalidValue as error:
        return str(error)
    return ""


def _shown(handle: bytes) -> str:
    return printable(handle.decode(errors="replace"))
