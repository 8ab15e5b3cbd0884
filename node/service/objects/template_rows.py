"""Describes what a metadata template is beside a template of SNMS: head, items, and how they lie in its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idnode.node.service.directory.refusals import FieldRefused, TooManyItems
from idnode.node.service.directory.templates import INDEX_MAX, ITEMS_MAX, KINDS
from idnode.node.service.objects import access, refusals
from idnode.registry.directory import orm
from idnode.registry.directory.entries import FIRST_ITEM_INDEX

if TYPE_CHECKING:
    from idnode.registry.directory.entries import TemplateEntry
    from idnode.registry.directory.tables import Template

UNCLASSIFIED: Final = "UN_CLASSIFIED"
UNPUBLISHED: Final = 0
PUBLISHED: Final = 1

ENABLED: Final = 0
OTHER_KIND: Final = max(KINDS)


class Head(NamedTuple):
    """The head data of a template; ``industry`` are the four levels of GB/T 4754."""

    classify: str
    name: str
    code: str
    industry: tuple[str, str, str, str]
    standard: str = ""
    description: str = ""


class MetadataItem(NamedTuple):
    """An item as sent; without an index it is numbered. ``state``: 0 enabled, 1 disabled, 2 not in force."""

    at: int | None
    code: str
    english: str
    chinese: str
    required: bool
    unique: bool
    input: bool
    listed: bool
    state: int
    definition: str
    comment: str
    schema: dict[str, Any]
    reference: str


def details_of(entry: TemplateEntry) -> dict[str, Any]:
    """Return what a metadata template has besides; of one made over SNMS what stands for it."""
    if entry.details is not None:
        return dict(entry.details)
    return {
        "handle": entry.handle,
        "name": entry.version,
        "classify": UNCLASSIFIED,
        "standard": "",
        "state": PUBLISHED,
        "scope": access.SPECIFIED,
        "users": [],
        "creator": "",
        "base": "",
        "grants": {},
        "published": entry.created,
    }


def state_of(entry: TemplateEntry) -> int:
    """Return whether a template is published (1) or not (0)."""
    return int(details_of(entry)["state"])


def is_copy(entry: TemplateEntry) -> bool:
    """Return whether a template is a copy of another."""
    return bool(details_of(entry)["base"])


def set_head(template: Template, head: Head, now: int) -> None:
    """Put head data into a row."""
    template.description = head.description
    (
        template.industry_category,
        template.industry_specific,
        template.industry_trade,
        template.industry_subclass,
    ) = head.industry
    template.updated = now


def put_item(template: Template, item: MetadataItem) -> None:
    """Put an item in the place of the one at its index, or append it."""
    present = next((each for each in template.items if each.id_index == item.at), None)
    for other in template.items:
        if other is not present and other.id_type == item.english:
            raise refusals.ItemNameTaken(item.english)
        if other is not present and other.name == item.chinese:
            raise refusals.ItemNameTaken(item.chinese)
    if present is None:
        present = orm.TemplateItem(id_index=_index_for(template, item))
        template.items.append(present)
    schema = item.schema
    present.name, present.id_type = item.chinese, item.english
    present.required, present.enabled = item.required, item.state == ENABLED
    present.min_length = schema.get("minLength") or 0
    present.max_length = 4000 if schema.get("maxLength") is None else schema["maxLength"]
    present.details = {
        "code": item.code,
        "unique": item.unique,
        "input": item.input,
        "listed": item.listed,
        "state": item.state,
        "definition": item.definition,
        "comment": item.comment,
        "schema": schema,
        "reference": item.reference,
    }


def _index_for(template: Template, item: MetadataItem) -> int:
    if len(template.items) >= ITEMS_MAX:
        raise TooManyItems(ITEMS_MAX)
    highest = max((each.id_index for each in template.items), default=FIRST_ITEM_INDEX - 1)
    index = highest + 1 if item.at is None else item.at
    if not FIRST_ITEM_INDEX <= index <= INDEX_MAX:
        raise FieldRefused("itemIndex")
    return index


def item_of(entry: TemplateEntry, index: int) -> MetadataItem:
    """Return an item as it would be sent."""
    item = entry.items[index]
    details = item_details(entry, index)
    return MetadataItem(
        index,
        details["code"],
        item.id_type,
        item.name,
        item.required,
        details["unique"],
        details["input"],
        details["listed"],
        details["state"],
        details["definition"],
        details["comment"],
        dict(details["schema"]),
        details["reference"],
    )


def item_details(entry: TemplateEntry, index: int) -> dict[str, Any]:
    """Return what an item of a metadata template has besides; of one made over SNMS what stands for it."""
    item = entry.items[index]
    if item.details is not None:
        return dict(item.details)
    return {
        "code": item.id_type,
        "unique": False,
        "input": True,
        "listed": True,
        "state": ENABLED if item.enabled else 1,
        "definition": "",
        "comment": "",
        "schema": {"dataType": 1, "minLength": item.min_length, "maxLength": item.max_length},
        "reference": "",
    }
