"""From a request to a model, parameters, a page or a file; what does not fit is told by its place."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import orjson
from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import BaseModel, ValidationError

from idnode.node.faces.http.body import BodyRefused, read_body
from idnode.node.faces.idhub.texts import FormRefused, Problem, QueryRefused
from idnode.node.service.directory.accounts import CHINA
from idnode.node.service.objects.applications import HANDLE_CHARACTERS_MAX
from idnode.node.service.objects.files import FILE_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BODY_BYTES_MAX: Final = 8 << 20
PAGE_ROWS_MAX: Final = 1000
PARTS_MAX: Final = 16

_FRAME_BYTES_MAX: Final = 64 << 10
_CHUNK_BYTES: Final = 64 << 10
_TIME: Final = "%Y-%m-%d %H:%M:%S"
_PROBLEMS_MAX: Final = 20
_BRANCH: Final = re.compile(r"[\[(]|^(int|str|date|literal|list)\b")
_LABELS: Final = {"metaHandleList": "元数据标识列表", "handle": "标识", "metaHandle": "元数据标识"}

_Model = TypeVar("_Model", bound=BaseModel)


class PageAsked(NamedTuple):
    """Names which page; ``number`` as it was sent."""

    number: int
    size: int


async def read_model(request: web.Request, model: type[_Model]) -> _Model:
    """Return a body as a model.

    Raises:
        BodyRefused: HTTP itself refuses the body: too long, or wrongly encoded.
        QueryRefused: It is no JSON.
        FormRefused: It does not fit.

    """
    body = await read_body(request, BODY_BYTES_MAX)
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise QueryRefused(f"请求体应为UTF-8编码的JSON对象（{error}）") from error
    if not isinstance(found, dict):
        raise QueryRefused("请求体应为JSON对象")
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise refusal_of(error) from None


def refusal_of(error: ValidationError) -> FormRefused:
    """Return what a client is told of the members that do not fit."""
    problems: dict[str, Problem] = {}
    for each in error.errors(include_url=False)[:_PROBLEMS_MAX]:
        name = _place(each["loc"])
        problems.setdefault(name, Problem(name, _said(name, each)))
    return FormRefused(list(problems.values()))


def _place(parts: tuple[int | str, ...]) -> str:
    name = ""
    for part in parts:
        if isinstance(part, int):
            name += f"[{part}]"
        elif not _BRANCH.search(part):
            name += f".{part}" if name else part
    return name


def _said(name: str, problem: Any) -> str:
    label = f"入参{_LABELS.get(name, '')}{name}"
    kind, context = problem["type"], problem.get("ctx", {})
    if kind in {"missing", "string_too_short", "too_short"}:
        return f"{label}不能为空"
    if kind in {"string_too_long", "too_long"}:
        return f"{label}长度不能超过{context.get('max_length')}"
    if kind == "literal_error":
        return f"{label}的值应为{context.get('expected')}".replace(" or ", "或")
    if kind == "greater_than_equal":
        return f"{label}不能小于{context.get('ge')}"
    if kind == "less_than_equal":
        return f"{label}不能大于{context.get('le')}"
    if kind.endswith("_type"):
        return f"{label}类型不正确，应为{_TYPES.get(kind, kind.removesuffix('_type'))}"
    return f"{label}的值不正确"


_TYPES: Final = {
    "string_type": "字符串",
    "int_type": "整数",
    "list_type": "数组",
    "dict_type": "对象",
    "model_type": "对象",
}


def required(request: web.Request, name: str, most: int = HANDLE_CHARACTERS_MAX) -> str:
    """Return a parameter of the query that has to be there.

    Raises:
        QueryRefused: It is missing or too long.

    """
    found = optional(request, name, most)
    if not found:
        raise QueryRefused(f"{name}不能为空")
    return found


def optional(request: web.Request, name: str, most: int = HANDLE_CHARACTERS_MAX) -> str:
    """Return a parameter of the query, empty when it is not there.

    Raises:
        QueryRefused: It is too long, or holds NUL.

    """
    found = request.query.get(name, "")
    if len(found) > most:
        raise QueryRefused(f"{name}长度不能超过{most}")
    if "\0" in found:
        raise QueryRefused(f"{name}的值不正确")
    return found


def number(request: web.Request, name: str, least: int, most: int, otherwise: int | None) -> int:
    """Return a number of the query, within bounds.

    Raises:
        QueryRefused: It is none, outside the bounds, or missing when there is no other.

    """
    found = request.query.get(name, "").strip()
    if not found and otherwise is not None:
        return otherwise
    if not (found.isascii() and found.isdigit() and len(found) <= 9):
        raise QueryRefused(f"{name}应为整数")
    if not least <= int(found) <= most:
        raise QueryRefused(f"{name}应在{least}到{most}之间")
    return int(found)


def page(request: web.Request) -> PageAsked:
    """Return which page a request asks for: counted from 0, ten rows unless it says.

    Raises:
        QueryRefused: A parameter is none.

    """
    return PageAsked(
        number(request, "page", 0, 10**6, 0), number(request, "size", 1, PAGE_ROWS_MAX, 10)
    )


def time(request: web.Request, name: str) -> int | None:
    """Return a point in time of the query as epoch seconds.

    Raises:
        QueryRefused: It is none.

    """
    found = optional(request, name, 32)
    if not found:
        return None
    try:
        moment = datetime.strptime(found, _TIME).replace(tzinfo=UTC)
        return int((moment - CHINA).timestamp())
    except (ValueError, OverflowError) as error:
        raise QueryRefused(f"{name}格式应为yyyy-MM-dd HH:mm:ss") from error


def shown_time(seconds: int) -> str:
    """Return epoch seconds as text, in China's time."""
    return (datetime.fromtimestamp(seconds, UTC) + CHINA).strftime(_TIME)


def shown_page(
    asked: PageAsked, rows: Sequence[Mapping[str, Any]], total: int, first: int = 0
) -> dict[str, Any]:
    """Return a page as it is shown: counted from 1, whatever the ``first`` of a request is."""
    return {
        "pageSize": asked.size,
        "pageNumber": asked.number - first + 1,
        "totalCount": total,
        "totalPage": -(-total // asked.size),
        "content": rows,
    }


async def read_file(request: web.Request) -> tuple[str, bytes]:
    """Return name and content of the part ``file`` of a form.

    Raises:
        BodyRefused: The file is far too long.
        QueryRefused: There is no form, no such part, or the form breaks off.

    """
    if not request.content_type.startswith("multipart/"):
        raise QueryRefused("请求体应为multipart/form-data，文件部分名为file")
    if (request.content_length or 0) > FILE_BYTES_MAX + _FRAME_BYTES_MAX:
        raise BodyRefused(413, f"文件大小不能超过{FILE_BYTES_MAX >> 20}MB")
    try:
        form = await request.multipart()
        for _ in range(PARTS_MAX):
            part = await form.next()
            if part is None:
                break
            if isinstance(part, BodyPartReader) and part.name == "file":
                return part.filename or "", await _content(part)
    except (ValueError, AssertionError, web.RequestPayloadError, HttpProcessingError) as error:
        raise QueryRefused("表单格式不正确") from error
    raise QueryRefused("file不能为空")


async def _content(part: BodyPartReader) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(_CHUNK_BYTES):
        data += chunk
        if len(data) > FILE_BYTES_MAX:
            raise BodyRefused(413, f"文件大小不能超过{FILE_BYTES_MAX >> 20}MB")
    return bytes(data)
