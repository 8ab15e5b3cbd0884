"""From a request to a model, and from what does not fit to what the client is told.

Missing members, wrong types, excess lengths and other values each have their text; the first member that does
not fit is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from idnode.node.faces.http.body import read_body
from idnode.node.faces.snms.texts import (
    REFUSED,
    ParameterRefused,
    missing,
    too_long,
    wrong,
    wrong_type,
)

if TYPE_CHECKING:
    from aiohttp import web

BODY_BYTES_MAX: Final = 8 << 20
"""Longest body: two thousand identifiers of four kilobytes; JSON can only be parsed in one piece."""

_Model = TypeVar("_Model", bound=BaseModel)

_MISSING: Final = frozenset({"missing"})
_TOO_LONG: Final = frozenset({"string_too_long", "too_long"})
_EMPTY: Final = frozenset({"string_too_short"})
_TYPES: Final = {
    "bool_type": "布尔值",
    "date_from_datetime_inexact": "yyyy-MM-dd格式的日期",
    "date_type": "yyyy-MM-dd格式的日期",
    "dict_type": "对象",
    "int_type": "整数",
    "list_type": "数组",
    "model_type": "对象",
    "string_type": "字符串",
}
"""Type that was wanted, by what the check complains of."""


async def read_json(request: web.Request) -> Any:
    """Return what a body holds.

    Raises:
        BodyRefused: HTTP itself refuses the body: too long, or wrongly encoded.
        ParameterRefused: It is no JSON.

    """
    body = await read_body(request, BODY_BYTES_MAX)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        hint = why_no_json(body, request.content_type, error)
        raise ParameterRefused(REFUSED, f"请求体不是合法的JSON（{hint}）") from error


def why_no_json(body: bytes, content_type: str, error: orjson.JSONDecodeError) -> str:
    """Return what kept a body from being read: its kind, its encoding, or a place in it."""
    if not body.strip():
        return "请求体为空"
    try:
        text = body.decode()
    except UnicodeDecodeError:
        try:
            body.decode("gbk")
        except UnicodeDecodeError:
            return "编码应为UTF-8"
        return "编码应为UTF-8，收到的像是GBK"
    if text.lstrip()[:1] not in {"{", "["} and "json" not in content_type:
        return f"Content-Type应为application/json，收到{content_type}"
    return f"第{error.lineno}行第{error.colno}列"


async def read_model(request: web.Request, model: type[_Model]) -> _Model:
    """Return a body as a model.

    Raises:
        BodyRefused: As `read_json`.
        ParameterRefused: It does not fit.

    """
    return as_model(await read_json(request), model)


def as_model(found: Any, model: type[_Model]) -> _Model:
    """Return parsed JSON as a model.

    Raises:
        ParameterRefused: It does not fit.

    """
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise refusal_of(error, found) from None


async def read_array(request: web.Request, wrapped_in: str = "") -> list[Any]:
    """Return a body that is an array, or an object with it as this member.

    Raises:
        BodyRefused: As `read_json`.
        ParameterRefused: It is neither.

    """
    found = await read_json(request)
    if wrapped_in and isinstance(found, dict):
        if wrapped_in not in found:
            raise missing(wrapped_in)
        found = found[wrapped_in]
    if not isinstance(found, list):
        raise wrong_type("请求体", None, "数组")
    return found


def query_text(request: web.Request, name: str, characters_max: int) -> str:
    """Return a required parameter of the query.

    Raises:
        ParameterRefused: It is missing or too long.

    """
    found = request.query.get(name, "")
    if not found:
        raise missing(name)
    return _bounded(found, name, characters_max)


def optional_text(request: web.Request, name: str, characters_max: int = 255) -> str:
    """Return a parameter of the query, empty when it is not there.

    Raises:
        ParameterRefused: It is too long.

    """
    return _bounded(request.query.get(name, ""), name, characters_max)


def optional_number(request: web.Request, name: str, otherwise: int) -> int:
    """Return a positive number of the query.

    Raises:
        ParameterRefused: It is none.

    """
    found = request.query.get(name, "").strip()
    if not found:
        return otherwise
    if not found.isascii() or not found.isdigit() or len(found) > 9:
        raise wrong_type(name, found, "不小于1的整数")
    if int(found) < 1:
        raise wrong(name, found, "不小于1的整数")
    return int(found)


def _bounded(found: str, name: str, characters_max: int) -> str:
    if len(found) > characters_max:
        raise too_long(name, len(found), characters_max)
    if "\0" in found:
        raise wrong(name, None, "不含NUL的文本")
    return found


def refusal_of(error: ValidationError, found: Any) -> ParameterRefused:
    """Return what a client is told of the first member that does not fit."""
    problem = error.errors(include_url=False, include_input=True)[0]
    name = ".".join(str(part) for part in problem["loc"] if not _is_branch(part))
    kind = problem["type"]
    if not name and not isinstance(found, dict):
        return wrong_type("请求体", None, "对象")
    if kind in _MISSING or problem["input"] is None or kind in _EMPTY:
        return missing(name)
    came = problem["input"]
    if kind in _TOO_LONG:
        return too_long(name, len(came), problem["ctx"]["max_length"])
    if kind in _TYPES:
        return wrong_type(name, _shown(name, came), _TYPES[kind])
    return wrong(name, _shown(name, came), _wanted(problem))


def _shown(name: str, came: Any) -> Any:
    """Return what of a value is said back: a plain one, and never a password."""
    hidden = name.endswith("password") or isinstance(came, dict | list)
    return None if hidden else came


def _wanted(problem: Any) -> str:
    """Return what would have been taken, as far as the check says."""
    kind, context = problem["type"], problem.get("ctx") or {}
    if kind == "literal_error":
        return str(context["expected"]).replace("'", "").replace(", ", "、").replace(" or ", "或")
    if kind == "value_error":
        return str(context["error"])
    if kind == "greater_than_equal":
        return f"不小于{context['ge']}的整数"
    if kind == "less_than_equal":
        return f"不大于{context['le']}的整数"
    if kind == "string_pattern_mismatch":
        return "64位十六进制的SHA-256"
    return "yyyy-MM-dd格式的日期" if kind.startswith("date") else ""


def _is_branch(part: object) -> bool:
    """Return whether a part of a place names a branch of a model rather than a member."""
    return isinstance(part, str) and ("[" in part or part in {"int", "str", "date"})


class Items:
    """Reads the items of a batch, each by itself."""

    def __init__(self, model: type[_Model]) -> None:
        self._validate = TypeAdapter(model).validate_python

    def read(self, found: Any) -> Any:
        """Return an item as a model, or why it is none as a `ParameterRefused` (not raised)."""
        try:
            return self._validate(found)
        except ValidationError as error:
            return refusal_of(error, found)
