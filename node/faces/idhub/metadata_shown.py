"""Metadata templates as this face shows them: to their owners, in lists, and as resolved objects (idhub-api.md §§5.2, 6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idnode.node.faces.idhub.reading import shown_time
from idnode.node.service.objects.items import type_name
from idnode.node.service.objects.template_rows import details_of, is_copy, item_details

if TYPE_CHECKING:
    from idnode.registry.directory.entries import TemplateEntry

METADATA_TYPE: Final = "0.TYPE/DO.DOIPMETA"

_SECTIONS: Final = {
    "A": "农、林、牧、渔业",
    "B": "采矿业",
    "C": "制造业",
    "D": "电力、热力、燃气及水生产和供应业",
    "E": "建筑业",
    "F": "批发和零售业",
    "G": "交通运输、仓储和邮政业",
    "H": "住宿和餐饮业",
    "I": "信息传输、软件和信息技术服务业",
    "J": "金融业",
    "K": "房地产业",
    "L": "租赁和商务服务业",
    "M": "科学研究和技术服务业",
    "N": "水利、环境和公共设施管理业",
    "O": "居民服务、修理和其他服务业",
    "P": "教育",
    "Q": "卫生和社会工作",
    "R": "文化、体育和娱乐业",
    "S": "公共管理、社会保障和社会组织",
    "T": "国际组织",
}
"""Names of the sections of GB/T 4754; below them the codes stand for themselves."""


def industry_text(entry: TemplateEntry) -> str:
    """Return the four levels of an industry, joined."""
    section, *rest = entry.industry
    return "/".join((_SECTIONS.get(section, section), *rest))


def _codes(entry: TemplateEntry) -> dict[str, str]:
    category, specific, trade, subclass = entry.industry
    return {
        "industryCategory": category,
        "industrySpecific": specific,
        "industryTrade": trade,
        "industrySubclass": subclass,
    }


def shown_info(entry: TemplateEntry) -> dict[str, Any]:
    """Return a template for those who manage or copy it."""
    details = details_of(entry)
    classify = details["classify"]
    return {
        "classifyCode": classify,
        "classifyName": "未分类" if classify == "UN_CLASSIFIED" else classify,
        "metaHandle": entry.handle,
        "metaName": details["name"],
        "metaCode": entry.version,
        "industry": industry_text(entry),
        **_codes(entry),
        "metaState": details["state"],
        "metaContributor": entry.prefix,
        "standard": details["standard"],
        "metaDesc": entry.description,
        "createdTime": shown_time(entry.created),
        "updatedTime": shown_time(entry.updated),
        "createdBy": details["creator"],
        "itemVOS": [_shown_item(entry, index) for index in entry.items],
    }


def _shown_item(entry: TemplateEntry, index: int) -> dict[str, Any]:
    item, details = entry.items[index], item_details(entry, index)
    return {
        "itemIndex": index,
        "itemCode": details["code"],
        "englishName": item.id_type,
        "chineseName": item.name,
        "definition": details["definition"],
        "inputNecessary": int(details["input"]),
        "required": int(item.required),
        "uniqueField": int(details["unique"]),
        "listItemNecessary": int(details["listed"]),
        "itemState": details["state"],
        "comment": details["comment"],
        "itemSchemaVO": dict(details["schema"]),
        "itemReferenceVO": {"referenceMetaHandle": details["reference"] or None},
    }


def shown_row(entry: TemplateEntry, class_name: str) -> dict[str, Any]:
    """Return a template as a row of a list."""
    details = details_of(entry)
    return {
        "id": entry.id,
        "metaHandle": entry.handle,
        "metaCode": entry.version,
        "metaName": details["name"],
        "metaState": details["state"],
        "isQuote": int(is_copy(entry)),
        "createdTime": shown_time(entry.created),
        "classifyName": class_name,
    }


def shown_object(entry: TemplateEntry) -> dict[str, Any]:
    """Return a template as a resolved object."""
    details = details_of(entry)
    enabled = {index: item for index, item in entry.items.items() if item.enabled}
    about = {index: item_details(entry, index) for index in enabled}
    published = shown_time(details["published"]) if details["published"] else None
    content = {
        "basicInfo": {
            "metaName": details["name"],
            "metaCode": entry.version,
            "industry": industry_text(entry),
            **_codes(entry),
            "metaState": details["state"],
            "metaContributor": entry.prefix,
            "standard": details["standard"],
            "metaDesc": entry.description,
            "isQuote": int(is_copy(entry)),
            "publishedTime": published,
            "effectiveTime": published,
            "latestUpdateTime": shown_time(entry.updated),
        },
        "itemInfos": [
            {
                "itemBasicInfo": {
                    "itemIndex": index,
                    "itemCode": about[index]["code"],
                    "enName": item.id_type,
                    "cnName": item.name,
                    "state": about[index]["state"],
                },
                "itemSchemaInfo": {**about[index]["schema"], "dataTypeString": type_name(item)},
            }
            for index, item in enabled.items()
        ],
        "required": [item.id_type for item in enabled.values() if item.required],
        "uniqueness": [item.id_type for i, item in enabled.items() if about[i]["unique"]],
        "inputItem": [item.id_type for i, item in enabled.items() if about[i]["input"]],
        "listItem": [item.id_type for i, item in enabled.items() if about[i]["listed"]],
    }
    return {
        "id": entry.handle,
        "type": METADATA_TYPE,
        "attributes": {
            "content": content,
            "metaData": {
                "createTime": shown_time(entry.created),
                "updateTime": shown_time(entry.updated),
                "creator": details["creator"] or entry.prefix,
            },
        },
    }
