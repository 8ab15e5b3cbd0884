"""EPP commands and responses with the extensions for enterprises and prefixes, as XML (secondary-node-functions.md §4.1).

Fields are told by their local names, those within others by a path (``contact/name``). XML of peers is read without
documents of types, entities and references elsewhere, and within bounds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from idnode.node.service.errors import EppUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

BODY_BYTES_MAX: Final = 4 << 20
"""Longest message; an enterprise's documents are in it, up to a megabyte each."""

FIELDS_MAX: Final = 200
DEPTH_MAX: Final = 12
TYPE: Final = "application/epp+xml"

EPP: Final = "urn:ietf:params:xml:ns:epp-1.0"
NAMESPACES: Final = {
    "ent": "urn:ietf:params:xml:ns:idis-ent-1.0",
    "prefix": "urn:ietf:params:xml:ns:idis-entprefix-1.0",
}
_KNOWN: Final = {uri: name for name, uri in NAMESPACES.items()} | {
    "urn:ietf:params:xml:ns:prefix-1.0": "prefix",
    "urn:ietf:params:xml:ns:idis-prefix-1.0": "prefix",
}

DONE: Final = 1000
PENDING: Final = 1001
NO_MESSAGES: Final = 1300
MESSAGE: Final = 1301
SYNTAX: Final = 2001
MISSING: Final = 2003
VALUE: Final = 2005
UNKNOWN: Final = 2000
NOT_AUTHORISED: Final = 2201
EXISTS: Final = 2302
ABSENT: Final = 2303
POLICY: Final = 2306

MESSAGES: Final = {
    DONE: "Command completed successfully",
    PENDING: "Command completed successfully; action pending",
    NO_MESSAGES: "Command completed successfully; no messages",
    MESSAGE: "Command completed successfully; ack to dequeue",
    UNKNOWN: "Unknown command",
    SYNTAX: "Command syntax error",
    MISSING: "Required parameter missing",
    VALUE: "Parameter value syntax error",
    NOT_AUTHORISED: "Authorization error",
    EXISTS: "Object exists",
    ABSENT: "Object does not exist",
    POLICY: "Parameter value policy error",
}


@dataclass(frozen=True, slots=True)
class Command:
    """One command: ``ent:create``, ``prefix:check``, ``poll:req`` and so on, and its fields."""

    kind: str
    fields: Mapping[str, str] = field(default_factory=dict)
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to a command; ``kind`` names the element of its data (``ent:creData``), ``queue`` count and id of a message."""

    code: int
    client_id: str = ""
    server_id: str = ""
    kind: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    queue: tuple[int, str] | None = None
    date: str = ""
    detail: str = ""


def read_command(body: bytes) -> Command:
    """Return the command in a message.

    Raises:
        EppUnreadable: It is none that is known.

    """
    root = _parsed(body)
    command = _child(root, "command")
    client_id = _text(_child(command, "clTRID", needed=False))
    verb = next((each for each in command if _local(each) != "clTRID"), None)
    if verb is None:
        raise EppUnreadable("The command is empty")
    name = _local(verb)
    if name == "poll":
        fields = {"msgID": verb.get("msgID", "")}
        return Command(f"poll:{verb.get('op', '')}", fields, client_id)
    thing = next(iter(verb), None)
    kind = "" if thing is None else _KNOWN.get(_namespace(thing), "")
    if thing is None or not kind:
        raise EppUnreadable(f"Nothing that is known is to be {name}ed")
    return Command(f"{kind}:{name}", _fields(thing), client_id)


def write_command(command: Command) -> bytes:
    """Return the message that carries a command."""
    thing, _, name = command.kind.partition(":")
    if thing == "poll":
        message = command.fields.get("msgID", "")
        acknowledged = f' msgID="{escape(message, _QUOTES)}"' if message else ""
        inner = f'<poll op="{name}"{acknowledged}/>'
    else:
        body = _written(thing, command.fields)
        inner = (
            f'<{name}><{thing}:{name} xmlns:{thing}="{NAMESPACES[thing]}">{body}'
            f"</{thing}:{name}></{name}>"
        )
    return _message(f"<command>{inner}<clTRID>{escape(command.client_id)}</clTRID></command>")


def read_response(body: bytes) -> Response:
    """Return the response in a message.

    Raises:
        EppUnreadable: It is none.

    """
    response = _child(_parsed(body), "response")
    result = _child(response, "result")
    queue = _child(response, "msgQ", needed=False)
    data = _child(response, "resData", needed=False)
    thing = None if data is None else next(iter(data), None)
    ids = _child(response, "trID", needed=False)
    try:
        code = int(result.get("code", ""))
        waiting = None if queue is None else (int(queue.get("count", "0")), queue.get("id", ""))
    except ValueError as error:
        raise EppUnreadable("A code or a count is no number") from error
    return Response(
        code,
        _text(None if ids is None else _child(ids, "clTRID", needed=False)),
        _text(None if ids is None else _child(ids, "svTRID", needed=False)),
        "" if thing is None else f"{_KNOWN.get(_namespace(thing), '')}:{_local(thing)}",
        {} if thing is None else _fields(thing),
        waiting,
        _text(None if queue is None else _child(queue, "qDate", needed=False)),
        _text(_child(result, "msg", needed=False)),
    )


def write_response(response: Response) -> bytes:
    """Return the message that carries a response."""
    said = MESSAGES.get(response.code, "Command failed")
    said = f"{said}: {response.detail}" if response.detail else said
    parts = [f'<result code="{response.code}"><msg>{escape(said)}</msg></result>']
    if response.queue is not None:
        count, message = response.queue
        date = f"<qDate>{escape(response.date)}</qDate>" if response.date else ""
        parts.append(f'<msgQ count="{count}" id="{escape(message, _QUOTES)}">{date}</msgQ>')
    if response.kind:
        thing, _, name = response.kind.partition(":")
        body = _written(thing, response.data)
        parts.append(
            f'<resData><{thing}:{name} xmlns:{thing}="{NAMESPACES[thing]}">{body}'
            f"</{thing}:{name}></resData>"
        )
    ids = f"<svTRID>{escape(response.server_id)}</svTRID>"
    if response.client_id:
        ids = f"<clTRID>{escape(response.client_id)}</clTRID>{ids}"
    return _message(f"<response>{''.join(parts)}<trID>{ids}</trID></response>")


_QUOTES: Final = {'"': "&quot;"}


def _message(inner: str) -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
    return f'{head}<epp xmlns="{EPP}">{inner}</epp>\n'.encode()


def _written(thing: str, fields: Mapping[str, str]) -> str:
    """Return fields as elements; those with a path lie within others."""
    found: dict[str, dict[str, str]] = {}
    parts: list[str] = []
    for name, text in fields.items():
        outer, slash, inner = name.partition("/")
        if slash:
            found.setdefault(outer, {})[inner] = text
        else:
            parts.append(f"<{thing}:{name}>{escape(text)}</{thing}:{name}>")
    parts += [
        f"<{thing}:{outer}>{_written(thing, inner)}</{thing}:{outer}>"
        for outer, inner in found.items()
    ]
    return "".join(parts)


def _parsed(body: bytes) -> Element:
    try:
        root: Element = ElementTree.fromstring(body, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise EppUnreadable(f"No XML that is taken here: {error}") from error
    if _local(root) != "epp":
        raise EppUnreadable("The document is no <epp>")
    return root


def _fields(thing: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for path, text in _leaves(thing, (), 0):
        if len(found) >= FIELDS_MAX:
            raise EppUnreadable(f"More than {FIELDS_MAX} fields")
        found["/".join(path)] = text
    return found


def _leaves(
    element: Element, path: tuple[str, ...], depth: int
) -> Iterator[tuple[tuple[str, ...], str]]:
    if depth > DEPTH_MAX:
        raise EppUnreadable("Elements within elements, too deep")
    for child in element:
        inner = (*path, _local(child))
        if len(child):
            yield from _leaves(child, inner, depth + 1)
        else:
            yield inner, _text(child)


def _child(element: Element, name: str, *, needed: bool = True) -> Element:
    found = next((each for each in element if _local(each) == name), None)
    if found is None and needed:
        raise EppUnreadable(f"<{name}> is missing")
    return found  # type: ignore[return-value]  # None only where it is not needed


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _namespace(element: Element) -> str:
    return str(element.tag).rpartition("}")[0].removeprefix("{")


def _text(element: Element | None) -> str:
    return "" if element is None else (element.text or "").strip()
