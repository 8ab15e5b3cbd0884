"""The record of an instance of a metadata template: which value stands where.

Like a record that was registered over SNMS it has the template's handle at 1000 and its code at 1001, the items at
their indexes, and the administrators of its prefix at 100. Besides, 1002 tells who made and changed it when, and 1999,
which only administrators read, whom this identifier is granted to. Items that not everybody may read have no public
read, so no face shows them to strangers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from idnode.node.service.directory.template_form import (
    ADMIN_INDEX,
    TEMPLATE_ID_TYPE,
    TEMPLATE_TYPE,
)
from idnode.node.service.directory.templates import TEMPLATE_ID_INDEX, TEMPLATE_INDEX
from idnode.node.service.objects.access import FOLLOW_CLASS, PUBLIC, SINGLE, SPECIFIED, Rights
from idnode.registry.handle import names
from idnode.registry.handle.model import Permission
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin
from idnode.registry.handle.values import data_of, join, pack_value, spans

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idnode.registry.directory.entries import TemplateEntry

HISTORY_INDEX: Final = 1002
HISTORY_TYPE: Final = b"META_DATA"
GRANT_INDEX: Final = 1999
GRANT_TYPE: Final = b"GRANT"

_GROUP_INDEX: Final = 200
_OPEN: Final = Permission.ADMIN_READ | Permission.ADMIN_WRITE | Permission.PUBLIC_READ
_CLOSED: Final = Permission.ADMIN_READ | Permission.ADMIN_WRITE
_OURS: Final = frozenset(
    {ADMIN_INDEX, TEMPLATE_ID_INDEX, TEMPLATE_INDEX, HISTORY_INDEX, GRANT_INDEX}
)


class History(NamedTuple):
    """Tells who made and who last changed an instance, and when; handles, and epoch seconds."""

    creator: str = ""
    created: int = 0
    updater: str = ""
    updated: int = 0


class Instance(NamedTuple):
    """An instance as it is stored; ``template`` is a handle, ``texts`` are its items by index.

    ``granted``: whether the record says whom it is granted to, and does not just follow its class.
    """

    template: str
    history: History
    rights: Rights
    texts: dict[int, str]
    granted: bool = False


def read(packed: bytes) -> Instance:
    """Return the instance in a record; one that another face made has no history and is for everybody."""
    template, texts = "", {}
    history: dict[str, Any] = {}
    grant: dict[str, Any] | None = None
    for span in spans(packed):
        data = data_of(packed, span)
        if span.index == TEMPLATE_ID_INDEX and span.type == TEMPLATE_ID_TYPE:
            template = data.decode(errors="replace")
        elif span.index == HISTORY_INDEX and span.type == HISTORY_TYPE:
            history = _object(data)
        elif span.index == GRANT_INDEX and span.type == GRANT_TYPE:
            grant = _object(data)
        elif span.index not in _OURS:
            texts[span.index] = data.decode(errors="replace")
    told = History(
        str(history.get("creator", "")),
        int(history.get("created", 0)),
        str(history.get("updater", "")),
        int(history.get("updated", 0)),
    )
    return Instance(template, told, _rights(told.creator, grant), texts, grant is not None)


def _rights(creator: str, grant: Mapping[str, Any] | None) -> Rights:
    if grant is None:
        return Rights(creator) if creator else Rights(kind=SINGLE, scope=PUBLIC)
    return Rights(
        creator,
        int(grant.get("kind", SINGLE)),
        int(grant.get("scope", SPECIFIED)),
        tuple(map(str, grant.get("readers", ()))),
        tuple(map(str, grant.get("writers", ()))),
    )


def whole(
    template: TemplateEntry, instance: Instance, public: frozenset[int] | None, now: int
) -> bytes:
    """Return the record of a new instance; ``public`` are the items that everybody may read, None for all."""
    admin = encode_admin(
        AdminValue(Right.ALL, names.prefix_handle(template.prefix.encode()), _GROUP_INDEX)
    )
    return join(
        [
            _value(ADMIN_INDEX, b"HS_ADMIN", admin, now),
            _value(TEMPLATE_ID_INDEX, TEMPLATE_ID_TYPE, template.handle.encode(), now),
            _value(TEMPLATE_INDEX, TEMPLATE_TYPE, template.version.encode(), now),
            *_own_values(template, instance, public, now),
        ]
    )


def changed(
    template: TemplateEntry, instance: Instance, public: frozenset[int] | None, now: int
) -> bytes:
    """Return the values that a change of an instance replaces: what else others put there stays."""
    return join(_own_values(template, instance, public, now))


def _own_values(
    template: TemplateEntry, instance: Instance, public: frozenset[int] | None, now: int
) -> list[bytes]:
    parts = []
    rights = instance.rights
    if rights.creator:
        history = orjson.dumps(instance.history._asdict())
        parts.append(_value(HISTORY_INDEX, HISTORY_TYPE, history, now))
    if rights.kind != FOLLOW_CLASS or rights.readers or rights.writers or instance.granted:
        names_nobody = not rights.readers and not rights.writers
        data = orjson.dumps({**rights._asdict(), "creator": None})
        parts.append(_value(GRANT_INDEX, GRANT_TYPE, data, now, open_to_all=names_nobody))
    for index in sorted(instance.texts.keys() & template.items.keys()):
        kind = template.items[index].id_type.encode()
        shown = public is None or index in public
        data = instance.texts[index].encode()
        parts.append(_value(index, kind, data, now, open_to_all=shown))
    return parts


def _value(index: int, kind: bytes, data: bytes, now: int, *, open_to_all: bool = True) -> bytes:
    permissions = int(_OPEN if open_to_all else _CLOSED)
    return pack_value(index, kind, data, timestamp=now, permissions=permissions)


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
