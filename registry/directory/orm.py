"""SQLAlchemy and the tables, for whoever works with a session: loaded when the first of them is asked for.

Importing them takes a third of a node's start, which needs none of them (`plain.py`); so nobody else imports
them by name, but `orm.select(orm.Account)`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import delete, func, select, update
    from sqlalchemy.orm import selectinload

    from idnode.registry.directory.tables import (
        Account,
        DayVolume,
        Enterprise,
        Instance,
        Message,
        ObjectFile,
        Prefix,
        StoredFile,
        Template,
        TemplateItem,
        UniqueValue,
    )

__all__ = [
    "Account",
    "DayVolume",
    "Enterprise",
    "Instance",
    "Message",
    "ObjectFile",
    "Prefix",
    "StoredFile",
    "Template",
    "TemplateItem",
    "UniqueValue",
    "delete",
    "func",
    "select",
    "selectinload",
    "update",
]

_HOMES = ("idnode.registry.directory.tables", "sqlalchemy", "sqlalchemy.orm")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    found = next(home for home in map(import_module, _HOMES) if hasattr(home, name))
    # From now on it is found without coming here.
    value = globals()[name] = getattr(found, name)
    return value
