"""Items of metadata templates: what a value may be, and its text in the record (idhub-api.md §5.1).

A record keeps each value as text at its item's index and type, so every face shows it; several files, or references,
are a JSON array of texts.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

import orjson

from idnode.node.service.objects.refusals import ItemRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from idnode.registry.directory.entries import ItemEntry

CHARACTERS_MAX: Final = 4000
"""Longest character value unless its item says otherwise."""

DIGITS_MAX: Final = 38
FILES_MAX: Final = 50
DATE_FORMAT: Final = "YYYY-MM-DD"


class DataType(IntEnum):
    """Describes what a value is."""

    CHARACTER = 1
    NUMBER = 2
    DATE = 3
    FILE = 4
    REFERENCE = 5
    AUDIO = 6
    VIDEO = 7
    IMAGE = 8


TYPE_NAMES: Final = {
    DataType.CHARACTER: "字符型",
    DataType.NUMBER: "数值型",
    DataType.DATE: "日期型",
    DataType.FILE: "文件型",
    DataType.REFERENCE: "引用型",
    DataType.AUDIO: "音频型",
    DataType.VIDEO: "视频型",
    DataType.IMAGE: "图片型",
}
FILE_TYPES: Final = frozenset({DataType.FILE, DataType.AUDIO, DataType.VIDEO, DataType.IMAGE})
"""Types whose values are paths of uploaded files."""

_DOCUMENTS: Final = {
    "2": ("doc", "docx", "xps", "dot"),
    "3": ("xls", "xlsx", "xlsb", "xlsm", "csv"),
    "4": ("pdf",),
    "5": ("zip", "rar"),
}
_MEDIA: Final = {
    DataType.AUDIO: ("wav", "mp3", "mp4"),
    DataType.VIDEO: ("avi", "mov", "wmv", "flv", "mp4"),
    DataType.IMAGE: ("jpg", "jpe", "png", "jpeg", "gif", "tif", "tiff", "jxr", "bmp"),
}
_NUMBER: Final = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?", re.ASCII)
_RANGE: Final = re.compile(r"\s*([\[(])\s*([^,\s]+)\s*[,，]\s*([^,\s]+)\s*([\])])\s*")
_DATE_PARTS: Final = (
    ("YYYY", "%Y"), ("yyyy", "%Y"), ("MM", "%m"), ("DD", "%d"), ("dd", "%d"),
    ("HH", "%H"), ("hh", "%H"), ("mm", "%M"), ("ss", "%S"),
)  # fmt: skip


def schema_of(item: ItemEntry) -> Mapping[str, Any]:
    """Return what an item's values may be; one that was made over SNMS takes characters."""
    if item.details is not None:
        found: Mapping[str, Any] = item.details["schema"]
        return found
    return {"dataType": 1, "minLength": item.min_length, "maxLength": item.max_length}


def data_type_of(item: ItemEntry) -> DataType:
    """Return the type of an item's values."""
    return DataType(schema_of(item)["dataType"])


def is_plain(item: ItemEntry) -> bool:
    """Return whether an item takes characters, and so exists for SNMS, too."""
    return data_type_of(item) is DataType.CHARACTER


def text_of(item: ItemEntry, found: Any) -> str:
    """Return the text that a record keeps for a value as it came.

    Raises:
        ItemRefused: It does not fit.

    """
    return _TEXTS[data_type_of(item)](item, found)


def value_of(item: ItemEntry, text: str) -> Any:
    """Return a value as it is shown: a text, or an array where there may be several."""
    if text.startswith("[") and data_type_of(item) is not DataType.CHARACTER:
        try:
            found = orjson.loads(text)
        except ValueError:
            return text
        return found if isinstance(found, list) else text
    return text


def suffixes_of(item: ItemEntry) -> tuple[str, ...] | None:
    """Return the endings of files that an item takes, None for any."""
    kind = data_type_of(item)
    if kind is not DataType.FILE:
        return _MEDIA.get(kind, ())
    schema = schema_of(item)
    if schema.get("fileRange", 1) != 2:
        return None
    codes = str(schema.get("fileType") or "").replace("，", ",").split(",")
    listed = [suffix for code in codes for suffix in _DOCUMENTS.get(code.strip(), ())]
    own = str(schema.get("selfDefFileSuffix") or "").replace(",", ";").split(";")
    return (*listed, *(each.strip().lstrip(".").lower() for each in own if each.strip()))


def files_max(item: ItemEntry) -> int:
    """Return how many files a value may have."""
    found = schema_of(item).get("maxFileCount")
    return min(int(found), FILES_MAX) if found else FILES_MAX


def _characters(item: ItemEntry, found: Any) -> str:
    if not isinstance(found, str):
        raise ItemRefused(item.id_type, "应为字符串")
    schema = schema_of(item)
    least = schema.get("minLength") or 0
    most = CHARACTERS_MAX if schema.get("maxLength") is None else schema["maxLength"]
    if not least <= len(found) <= most:
        raise ItemRefused(item.id_type, f"长度应在{least}到{most}之间，实际为{len(found)}")
    return _plain(item, found)


def _plain(item: ItemEntry, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ItemRefused(item.id_type, "应为合法的UTF-8文本") from error
    return text


def _number(item: ItemEntry, found: Any) -> str:
    text = str(found) if isinstance(found, int | float) and not isinstance(found, bool) else found
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise ItemRefused(item.id_type, '应为数值，如"41.5"')
    schema = schema_of(item)
    digits = sum(each.isdigit() for each in text)
    most = schema.get("maxLength") or DIGITS_MAX
    if not (schema.get("minLength") or 0) <= digits <= most:
        raise ItemRefused(item.id_type, f"数字位数应在{schema.get('minLength') or 0}到{most}之间")
    decimals = len(text.partition(".")[2])
    accuracy = schema.get("accuracy")
    if accuracy is not None and decimals > accuracy:
        raise ItemRefused(item.id_type, f"小数位数不能超过{accuracy}")
    if not in_range(text, schema.get("numberRange")):
        raise ItemRefused(item.id_type, f"取值应在{schema['numberRange']}之内")
    return text


def in_range(text: str, written: Any) -> bool:
    """Return whether a number lies in a range as ``[1,10]`` or ``(0,1]``; what is no range bounds nothing."""
    found = _RANGE.fullmatch(written) if isinstance(written, str) else None
    if found is None:
        return True
    opening, low, high, closing = found.groups()
    try:
        number, least, most = Decimal(text), Decimal(low), Decimal(high)
    except InvalidOperation:
        return True
    above = number >= least if opening == "[" else number > least
    below = number <= most if closing == "]" else number < most
    return above and below


def _date(item: ItemEntry, found: Any) -> str:
    written = schema_of(item).get("dateFormat") or DATE_FORMAT
    pattern = str(written)
    for part, directive in _DATE_PARTS:
        pattern = pattern.replace(part, directive)
    refusal = ItemRefused(item.id_type, f"应为{written}格式的日期")
    if not isinstance(found, str) or len(found) > len(written):
        raise refusal
    try:
        datetime.strptime(found, pattern)  # noqa: DTZ007  # a day as written, of no zone
    except ValueError as error:
        raise refusal from error
    return found


def _listed(item: ItemEntry, found: Any, most: int) -> str:
    texts = found if isinstance(found, list) else [found]
    if not texts or not all(isinstance(each, str) and each for each in texts):
        raise ItemRefused(item.id_type, "应为字符串或字符串数组")
    if len(texts) > most:
        raise ItemRefused(item.id_type, f"最多{most}个")
    for each in texts:
        _plain(item, each)
    return orjson.dumps(texts).decode() if isinstance(found, list) else texts[0]


def _files(item: ItemEntry, found: Any) -> str:
    # Several paths come as an array, or joined by commas.
    if isinstance(found, str) and "," in found:
        found = [each.strip() for each in found.split(",")]
    return _listed(item, found, files_max(item))


def _reference(item: ItemEntry, found: Any) -> str:
    many = schema_of(item).get("referenceType") == 2
    if isinstance(found, list) and not many:
        raise ItemRefused(item.id_type, "一对一引用只能为一个标识")
    for each in found if isinstance(found, list) else [found]:
        if not isinstance(each, str) or not all(each.partition("/")):
            raise ItemRefused(item.id_type, "应为标识，如88.300.7/P-0001")
    return _listed(item, found, 1000)


_TEXTS: Final[dict[DataType, Callable[[ItemEntry, Any], str]]] = {
    DataType.CHARACTER: _characters,
    DataType.NUMBER: _number,
    DataType.DATE: _date,
    DataType.FILE: _files,
    DataType.AUDIO: _files,
    DataType.VIDEO: _files,
    DataType.IMAGE: _files,
    DataType.REFERENCE: _reference,
}


def values_in(item: ItemEntry, text: str) -> list[str]:
    """Return the single texts of a value."""
    found = value_of(item, text)
    return [str(each) for each in found] if isinstance(found, list) else [text]


def type_name(item: ItemEntry) -> str:
    """Return what the type of an item's values is called."""
    return TYPE_NAMES[data_type_of(item)]
