"""Describes what the IDHub API answers, as data, and what it refuses, as errors (idhub-api.md §§2, 5 and 6).

::

    ClientError
    └── IdhubRefused            the node answered with another state code than success
        ├── TokenInvalid        101: the token is missing, expired or not the node's
        ├── ObjectMissing       104 and 604: no such identifier, or metadata template
        └── NotGranted          103, 403, 406, 605, 700, 60001: not for this application
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from idnode.clients.errors import ClientError, MalformedAnswer
from idnode.clients.web_requests import HttpResponse, read_object

SUCCESS: Final = frozenset({1, 10_000})


class IdhubRefused(ClientError):
    """The node answered with another state code; ``message`` is what it said, ``problems`` are members by name."""

    def __init__(self, code: int, message: str, problems: Mapping[str, str] | None = None) -> None:
        told = "; ".join((problems or {}).values()) or message
        super().__init__(f"{told} ({code})")
        self.code = code
        self.message = message
        self.problems = dict(problems or {})


class TokenInvalid(IdhubRefused):
    """The token is missing, expired or not this node's."""


class ObjectMissing(IdhubRefused):
    """There is no such identifier, or metadata template."""


class NotGranted(IdhubRefused):
    """The application may not do this, or not there."""


_ERRORS: Final[dict[int, type[IdhubRefused]]] = {
    101: TokenInvalid,
    104: ObjectMissing,
    604: ObjectMissing,
    60005: ObjectMissing,
    **dict.fromkeys((103, 403, 406, 605, 700, 60001), NotGranted),
}


@dataclass(frozen=True, slots=True)
class MetadataItem:
    """An item of a metadata template; ``schema`` says what its values may be, characters unless told."""

    english: str
    chinese: str
    required: bool = False
    unique: bool = False
    code: str = ""
    schema: Mapping[str, Any] = field(default_factory=lambda: {"dataType": 1, "maxLength": 4000})


@dataclass(frozen=True, slots=True)
class MetadataTemplate:
    """A metadata template; ``industry`` are the four codes of GB/T 4754. Without a handle the node gives one."""

    code: str
    name: str
    items: tuple[MetadataItem, ...]
    industry: tuple[str, str, str, str] = ("C", "34", "344", "3441")
    classify: str = "UN_CLASSIFIED"
    handle: str = ""


@dataclass(frozen=True, slots=True)
class ResolvedObject:
    """An identifier, or a metadata template: ``values`` by the items' English names, ``data`` as it came."""

    id: str
    type: str
    values: Mapping[str, str]
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """A page of rows as the node shows them; it counts from 1."""

    rows: tuple[Mapping[str, Any], ...]
    number: int
    pages: int
    total: int


def data_of(response: HttpResponse) -> Any:
    """Return the data of a successful answer, None if it has none.

    Raises:
        IdhubRefused: The node answered with another state code.
        MalformedAnswer: The body is no envelope.

    """
    found = read_object(response)
    code = found.get("code")
    if isinstance(code, bool) or not isinstance(code, int):
        raise MalformedAnswer(f"HTTP status {response.status} without the envelope of IDHub")
    data = found.get("data")
    if code not in SUCCESS:
        raise _ERRORS.get(code, IdhubRefused)(code, str(found.get("message")), _problems(data))
    return data


def _problems(data: Any) -> dict[str, str]:
    listed = data.get("errors") if isinstance(data, dict) else None
    if not isinstance(listed, list):
        return {}
    return {
        str(each.get("name")): str(each.get("errorMsg"))
        for each in listed
        if isinstance(each, dict)
    }


def nothing_of(response: HttpResponse) -> None:
    """Insist on success."""
    data_of(response)


def text_of(response: HttpResponse) -> str:
    """Return data that is a text."""
    found = data_of(response)
    if not isinstance(found, str):
        raise MalformedAnswer("The data of the answer is no text")
    return found


def token_of(response: HttpResponse) -> str:
    """Return the token of an answer."""
    return _member(response, "token")


def template_of(response: HttpResponse) -> str:
    """Return the handle of a template that was made."""
    return _member(response, "metaHandle")


def _member(response: HttpResponse, name: str) -> str:
    found = _object(data_of(response)).get(name)
    if not isinstance(found, str) or not found:
        raise MalformedAnswer(f"The answer has no {name}")
    return found


def outcomes_of(response: HttpResponse) -> dict[str, str]:
    """Return why templates were not published, by handle."""
    found = data_of(response)
    try:
        return {each["metaHandle"]: each["reason"] for each in found if each["state"] != "success"}
    except (KeyError, TypeError) as error:
        raise MalformedAnswer(f"The outcomes cannot be read: {error!r}") from error


def object_of(response: HttpResponse) -> ResolvedObject:
    """Return a resolved object."""
    found = _object(data_of(response))
    try:
        values = {each["type"]: each["value"] for each in found.get("values") or ()}
    except (KeyError, TypeError) as error:
        raise MalformedAnswer(f"The values cannot be read: {error!r}") from error
    return ResolvedObject(str(found.get("id", "")), str(found.get("type", "")), values, found)


def page_of(response: HttpResponse) -> ObjectPage:
    """Return a page."""
    found = _object(data_of(response))
    try:
        return ObjectPage(
            tuple(found["content"]),
            int(found["pageNumber"]),
            int(found["totalPage"]),
            int(found["totalCount"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedAnswer(f"The page cannot be read: {error!r}") from error


def _object(found: Any) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise MalformedAnswer("The data of the answer is no object")
    return found
