"""Describes what the SNMS API answers, as data, and what it refuses, as errors (snms-api.md §§2, 5, 6 and 8).

::

    ClientError
    └── SnmsRefused             the node answered with another status than 1
        ├── NotLoggedIn         -1: the token is missing, expired or not the node's
        ├── NotPermitted        -3: somebody else's prefix, or not an administrator
        ├── RuleBroken          -2 and 21000: the message says which rule
        └── NodeFailed          -4: the node could not

A batch is not refused for the sake of its items: each has an `ItemOutcome` of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from idnode.clients.errors import ClientError, MalformedAnswer, TimedOut
from idnode.clients.web_requests import HttpResponse, read_object

SUCCESS: Final = 1
SUCCESS_TEXT: Final = "success"

_GATEWAY_TIMEOUT: Final = 504


class SnmsRefused(ClientError):
    """The node answered with another status than 1; ``message`` is what it said."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{message} ({status})")
        self.status = status
        self.message = message


class NotLoggedIn(SnmsRefused):
    """The token is missing, expired or not this node's (-1)."""


class NotPermitted(SnmsRefused):
    """The account may not do this, or not there (-3)."""


class RuleBroken(SnmsRefused):
    """A rule forbids it (-2), or a member has the wrong type (21000)."""


class NodeFailed(SnmsRefused):
    """The node could not (-4)."""


_ERRORS: Final[dict[int, type[SnmsRefused]]] = {
    -1: NotLoggedIn,
    -2: RuleBroken,
    -3: NotPermitted,
    -4: NodeFailed,
    21000: RuleBroken,
}


@dataclass(frozen=True, slots=True)
class TemplateItem:
    """An attribute of a template; lengths in characters. Without an index the node numbers it."""

    name: str
    id_type: str
    id_index: int | None = None
    required: bool = False
    enabled: bool = True
    min_length: int = 0
    max_length: int = 255


@dataclass(frozen=True, slots=True)
class Template:
    """A template; ``industry`` are the four codes of GB/T 4754, ``handle`` comes back in v5."""

    prefix: str
    version: str
    items: tuple[TemplateItem, ...]
    industry: tuple[str, str, str, str] = ("C", "34", "344", "3441")
    kind: int = 2
    description: str = ""
    handle: str = ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A value of an identifier; index and type are those of a template's item."""

    index: int
    type: str
    value: str
    format: str = "string"


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier with its attributes; ``version`` is its template's."""

    handle: str
    version: str
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """Holds what became of one item of a batch: ``message`` is ``success``, or why not."""

    handle: str
    message: str

    @property
    def accepted(self) -> bool:
        """Return whether it was carried out."""
        return self.message == SUCCESS_TEXT


@dataclass(frozen=True, slots=True)
class PageOf:
    """A page of rows as the node shows them; pages count from 1."""

    rows: tuple[Mapping[str, Any], ...]
    number: int
    pages: int
    total: int


def data_of(response: HttpResponse) -> Any:
    """Return the data of a successful answer.

    Raises:
        SnmsRefused: The node answered with another status.
        TimedOut: A proxy gave up waiting (504): a write may have been carried out, so ask, or send it again
            and take "exists already" for success.
        MalformedAnswer: The body is no envelope.

    """
    if response.status == _GATEWAY_TIMEOUT:
        raise TimedOut(f"{response.server} answered 504: whether it was carried out is unknown")
    found = read_object(response)
    status, message = found.get("status"), found.get("message")
    if isinstance(status, bool) or not isinstance(status, int) or "data" not in found:
        raise MalformedAnswer(f"HTTP status {response.status} without the envelope of SNMS")
    if status != SUCCESS:
        raise _ERRORS.get(status, SnmsRefused)(status, str(message))
    return found["data"]


def read_nothing(response: HttpResponse) -> None:
    """Insist on success."""
    data_of(response)


def read_template(response: HttpResponse) -> Template:
    """Return the template of an answer."""
    found = _object(data_of(response))
    try:
        return Template(
            prefix=found["prefix"],
            version=found["version"],
            items=tuple([_item(each) for each in found["items"]]),
            industry=(
                found["industryCategory"],
                found["industrySpecific"],
                found["industryTrade"],
                found["industrySubclass"],
            ),
            kind=int(found["type"]),
            description=found.get("description") or "",
            handle=found.get("handle") or "",
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedAnswer(f"The template cannot be read: {error!r}") from error


def _item(found: Mapping[str, Any]) -> TemplateItem:
    return TemplateItem(
        name=found["name"],
        id_type=found["idType"],
        id_index=int(found["idIndex"]),
        required=bool(found.get("required")),
        enabled=found.get("state", 1) != 0,
        min_length=int(found["metadata"]["minLength"]),
        max_length=int(found["metadata"]["maxLength"]),
    )


def read_identifier(response: HttpResponse) -> Identifier:
    """Return the identifier of an answer."""
    found = _object(data_of(response))
    try:
        return Identifier(
            found["handle"],
            found.get("templateVersion") or "",
            tuple(
                [
                    Attribute(
                        int(each["index"]),
                        each["type"],
                        each["data"]["value"],
                        each["data"].get("format", "string"),
                    )
                    for each in found["value"]
                ]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedAnswer(f"The identifier cannot be read: {error!r}") from error


def read_outcomes(response: HttpResponse) -> list[ItemOutcome]:
    """Return what became of each item, in order."""
    found = data_of(response)
    try:
        return [ItemOutcome(str(each["handle"]), str(each["msg"])) for each in found]
    except (KeyError, TypeError) as error:
        raise MalformedAnswer(f"The outcomes cannot be read: {error!r}") from error


def read_page(response: HttpResponse) -> PageOf:
    """Return a page."""
    found = _object(data_of(response))
    try:
        return PageOf(
            tuple(found["content"]),
            int(found["number"]),
            int(found["totalPages"]),
            int(found["totalElements"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedAnswer(f"The page cannot be read: {error!r}") from error


def read_object_data(response: HttpResponse) -> Mapping[str, Any]:
    """Return data that is an object, as it is."""
    return _object(data_of(response))


def read_token(response: HttpResponse) -> str:
    """Return the token of a log-in."""
    token = _object(data_of(response)).get("token")
    if not isinstance(token, str) or not token:
        raise MalformedAnswer("The answer has no token")
    return token


def read_file(response: HttpResponse) -> int:
    """Return the number of an uploaded file."""
    number = _object(data_of(response)).get("id")
    if not isinstance(number, int):
        raise MalformedAnswer("The answer has no file number")
    return number


def _object(found: Any) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise MalformedAnswer("The data of the answer is no object")
    return found
