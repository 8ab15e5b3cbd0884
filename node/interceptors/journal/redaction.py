"""Takes secrets out of HTTP messages: the journal keeps everything but its secrets.

A header, a member of a JSON body, a form field or a parameter whose name says that it may hold a secret is kept by name
only. A body that cannot be read as JSON or as a form is kept only if no such name occurs in it. Data of
HS_SECKEY values and private keys go by the type of the value beside them.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from idnode.node.interceptors.journal.entry import KeptHttp
from idnode.registry.handle.dissection.values import is_secret

WITHHELD: Final = "(withheld)"
BODY_BYTES_MAX: Final = 64 * 1024
"""Most bytes of a body that are kept; longer ones are withheld as a whole, since a part cannot be read."""

_SECRET_WORDS: Final = (
    *("passw", "pwd", "secret", "seckey", "token", "digest", "nonce", "signature", "proof"),
    *("private", "credential", "session", "cookie", "authoriz", "salt", "iterations"),
    *("crtno", "crt_no"),
)
_KEY: Final = re.compile(r"\bkey\b")
_HIDING: Final = (b"\\u", b"\0")
"""Where a name may stand in JSON without its letters in a row: characters by number, and UTF-16 or UTF-32."""
_PLAIN_NAMES: Final = {"keyword", "publickey", "signatures", "tokenexpires"}

_HEADERS_SHOWN_IN_PART: Final = {"authorization"}
_FORM: Final = "application/x-www-form-urlencoded"


def kept_http(
    start: tuple[str, str], headers: list[tuple[str, str]], body: bytes, content_type: str
) -> KeptHttp:
    """Return what may be kept of a request, with ``(method, target)``, or of an answer."""
    first, second = start
    if not first.isdigit():
        second = redacted_target(second)
    return KeptHttp(
        (first, second),
        tuple((name, redacted_header(name, value)) for name, value in headers),
        redacted_body(body, content_type),
        len(body),
    )


@lru_cache(maxsize=512)  # a client sends the same few names again and again
def is_secret_name(name: str) -> bool:
    """Return whether something of this name may be a secret."""
    return name.lower() not in _PLAIN_NAMES and _names_a_secret(name)


def _names_a_secret(text: str) -> bool:
    # Word by word, since one pattern of all words takes fifteen times as long where none of them stands.
    folded = text.casefold()
    if any(word in folded for word in _SECRET_WORDS):
        return True
    return "key" in folded and _KEY.search(folded) is not None


def redacted_header(name: str, value: str) -> str:
    """Return a header's value; of ``Authorization`` the scheme stays, for it is what people get wrong."""
    if name.lower() in _HEADERS_SHOWN_IN_PART:
        scheme, space, rest = value.partition(" ")
        known = scheme.lower() in {"basic", "bearer", "handle", "digest"}
        return f"{scheme} {WITHHELD}" if space and rest and known else WITHHELD
    if name.lower() == "location":
        return redacted_target(value)
    return WITHHELD if is_secret_name(name) else value


def redacted_target(target: str) -> str:
    """Return a target with the values of secret parameters withheld."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return WITHHELD
    if not parts.query:
        return target
    shown = []
    for piece in parts.query.split("&"):
        name, equals, _value = piece.partition("=")
        shown.append(f"{name}={quote(WITHHELD)}" if equals and is_secret_name(name) else piece)
    return urlunsplit(parts._replace(query="&".join(shown)))


def redacted_body(body: bytes, content_type: str) -> str:
    """Return a body as text without its secrets."""
    if not body:
        return ""
    if len(body) > BODY_BYTES_MAX:
        return f"({len(body)} bytes withheld: longer than {BODY_BYTES_MAX})"
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _FORM:
        return _form(body)
    if not any(hiding in body for hiding in _HIDING) and _has_no_mark(body):
        with suppress(UnicodeDecodeError):
            return body.decode()  # as it came, to the last blank
    lines = body.splitlines() if "ndjson" in kind else [body]
    try:
        return "\n".join(
            json.dumps(_redacted(json.loads(line)), ensure_ascii=False) for line in lines
        )
    except (ValueError, RecursionError):
        return _text(body)


def _form(body: bytes) -> str:
    pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    return urlencode([(n, WITHHELD if is_secret_name(n) else v) for n, v in pairs])


def _text(body: bytes) -> str:
    """Return a body that could not be read, unless something in it looks like a secret's name."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"({len(body)} bytes that are no text)"
    if not _has_no_mark(body):
        return f"({len(body)} bytes withheld: they cannot be read, and may hold a secret)"
    return text


def _has_no_mark(body: bytes) -> bool:
    """Return whether no name of a secret stands in a body's text, and no private key."""
    return not (_names_a_secret(body.decode(errors="replace")) or is_secret(b"", body))


def _redacted(found: Any) -> Any:
    if isinstance(found, list):
        # [index, type, data] is a value of the bulk API.
        if len(found) >= 3 and isinstance(found[1], str) and _secret_value(found[1], found[2]):
            return [*found[:2], WITHHELD, *found[3:]]
        return [_redacted(each) for each in found]
    if not isinstance(found, dict):
        return WITHHELD if isinstance(found, str) and is_secret(b"", found.encode()) else found
    secret = any(
        isinstance(found.get(name), str) and _secret_value(found[name], "")
        for name in ("type", "idType")
    )
    return {
        name: WITHHELD
        if is_secret_name(name)
        or (secret and name not in {"index", "type", "idType", "permissions"})
        else _redacted(value)
        for name, value in found.items()
    }


def _secret_value(value_type: str, data: Any) -> bool:
    text = data if isinstance(data, str) else json.dumps(data)
    return is_secret(value_type.encode(errors="replace"), text.encode(errors="replace"))
