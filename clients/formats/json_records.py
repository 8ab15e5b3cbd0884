"""Records as the JSON API answers them: one object, an array of them, or one after the other."""

import json
from collections.abc import Iterator
from typing import Any

from idnode.clients.errors import MalformedAnswer
from idnode.clients.formats.item import items_of
from idnode.clients.formats.json_stream import elements
from idnode.clients.formats.record import Format, Record, Source, Unreadable
from idnode.clients.json_values import from_json
from idnode.registry.handle.wire.constants import ResponseCode


def _recognises(head: bytes) -> bool:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n[")
    # `"values"` may stand behind the head; what the API answers begins with one of these.
    return text.startswith(b"{") and (b'"responseCode"' in text or b'"handle"' in text)


def _read(source: Source) -> Iterator[Record]:
    for found, line in elements(source.file):
        try:
            yield Record(_handle(found, source.handle), _values(found), line)
        except (MalformedAnswer, TypeError, KeyError) as error:
            raise Unreadable(line, f"no record of the JSON API: {error}") from error


def _handle(found: Any, named: str | None) -> str:
    handle = found.get("handle", named) if isinstance(found, dict) else None
    if not isinstance(handle, str):
        raise TypeError(f"no handle in {json.dumps(found)[:60]}")
    return handle


def _values(found: dict[str, Any]) -> Any:
    code = found.get("responseCode", ResponseCode.SUCCESS)
    if code != ResponseCode.SUCCESS:
        raise TypeError(f"an answer with response code {code}")
    return from_json(found["values"])


JSON = Format("json", "records of the Handle JSON API", _recognises, items_of(_read))
