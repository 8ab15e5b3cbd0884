"""Calls of the SNMS API as data: what to send, and how to read what comes back. No I/O.

`Snms` makes the calls; the asyncio and the blocking client move them and take care of the token.
Source: snms-api.md §§4 to 8.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from idnode.clients.snms_answers import (
    Attribute,
    Identifier,
    ItemOutcome,
    PageOf,
    Template,
    TemplateItem,
    read_file,
    read_identifier,
    read_nothing,
    read_object_data,
    read_outcomes,
    read_page,
    read_template,
    read_token,
)
from idnode.clients.web_requests import JSON_TYPE, BearerCall, Call, HttpResponse, WithToken
from idnode.registry.handle.limits import SNMS_BATCH_ITEMS_MAX

_CHINA: Final = timedelta(hours=8)
_BOUNDARY: Final = "idnode-4f1c8a5e7b"
_DATA: Final = "/identityv2/data"

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Account:
    """Names who logs in. ``digested`` sends a dated digest instead of the password."""

    username: str
    password: str = field(repr=False)
    digested: bool = True


def inner_digest(password: str) -> str:
    """Return the SHA-256 of a password in hexadecimal digits: what a registration sends."""
    return hashlib.sha256(password.encode()).hexdigest()


def dated_digest(password: str, now: float) -> str:
    """Return the digest of a password for the day in China at this moment (epoch seconds)."""
    day = (datetime.fromtimestamp(now, UTC) + _CHINA).date().isoformat()
    return hashlib.sha256((inner_digest(password) + day).encode()).hexdigest()


def login(account: Account, now: float) -> Call[str]:
    """Return the call that asks for a token."""
    digested = account.digested
    password = dated_digest(account.password, now) if digested else account.password
    path = "/identity/token/v1" if digested else "/identity/token"
    body = {"username": account.username, "password": password}
    return Call("POST", path, read_token, _json(body), JSON_TYPE)


def register_user(username: str, password: str, email: str, mobile: str) -> WithToken[None]:
    """Return the call that makes a user."""
    body = {
        "username": username,
        "password": inner_digest(password),
        "email": email,
        "mobile": mobile,
    }
    return _writing("POST", "/identity/registry", body)


def read_template_call(prefix: str, version: str) -> WithToken[Template]:
    """Return the call that reads a template."""
    return _reading("/snms/api/v5/template", read_template, prefix=prefix, version=version)


def create_template(template: Template) -> WithToken[None]:
    """Return the call that makes a template."""
    return _writing("POST", "/snms/api/v5/template", _template(template))


def edit_template(template: Template) -> WithToken[None]:
    """Return the call that changes a template; items that are left out stay as they are."""
    return _writing("PUT", "/snms/api/v5/template", _template(template))


def delete_template(prefix: str, version: str) -> WithToken[None]:
    """Return the call that deletes a template."""
    return _writing("DELETE", "/snms/api/v5/template", {"prefix": prefix, "version": version})


def detail(handle: str) -> WithToken[Identifier]:
    """Return the call that reads an identifier."""
    return _reading(f"{_DATA}/detail", read_identifier, handle=handle)


def create(identifier: Identifier) -> WithToken[None]:
    """Return the call that registers an identifier."""
    return _writing("POST", _DATA, _identifier(identifier))


def update(identifier: Identifier) -> WithToken[None]:
    """Return the call that changes an identifier."""
    return _writing("PUT", _DATA, _identifier(identifier))


def delete(handle: str) -> WithToken[None]:
    """Return the call that deletes an identifier."""
    return _writing("DELETE", _DATA, {"handle": handle})


def batch_create(identifiers: Sequence[Identifier]) -> WithToken[list[ItemOutcome]]:
    """Return the call that registers many."""
    return _batch("POST", "batchCreate", [_identifier(each) for each in identifiers])


def batch_update(identifiers: Sequence[Identifier]) -> WithToken[list[ItemOutcome]]:
    """Return the call that changes many."""
    return _batch("PUT", "batchUpdate", [_identifier(each) for each in identifiers])


def batch_delete(handles: Sequence[str]) -> WithToken[list[ItemOutcome]]:
    """Return the call that deletes many."""
    return _batch("DELETE", "batchDelete", list(handles))


def upload(content: bytes, name: str) -> WithToken[int]:
    """Return the call that uploads a file; what comes back is the number that forms name it by."""
    safe = "".join(each for each in name if each.isalnum() or each in "-_.") or "file"
    body = b"".join(
        (
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; '.encode(),
            f'filename="{safe}"\r\n\r\n'.encode("ascii", "replace"),
            content,
            f"\r\n--{_BOUNDARY}--\r\n".encode(),
        )
    )
    kind = f"multipart/form-data; boundary={_BOUNDARY}"
    return _made("POST", "/snms/api/file/upload", read_file, body, kind)


def apply(form: Mapping[str, Any]) -> WithToken[None]:
    """Return the call that makes a user (``sysUser``) and its enterprise; for administrators."""
    return _writing("POST", "/snms/api/v3/ent/apply", form)


def upgrade(username: str, form: Mapping[str, Any]) -> WithToken[None]:
    """Return the call that makes or changes the enterprise of a user."""
    return _writing("POST", "/snms/api/v3/ent/upgrade-apply", {**form, "username": username})


def enterprises(number: int, size: int, name: str = "") -> WithToken[PageOf]:
    """Return the call that lists enterprises."""
    path = "/snms/api/v3/ent/page"
    return _reading(path, read_page, orgName=name, currentPage=number, pageSize=size)


def enterprise(number: int) -> WithToken[Mapping[str, Any]]:
    """Return the call that reads the application of an enterprise."""
    return _reading("/snms/api/v3/ent/detail", read_object_data, id=number)


def prefix(name: str) -> WithToken[Mapping[str, Any]]:
    """Return the call that reads a prefix."""
    return _reading("/snms/api/prefix/query", read_object_data, prefix=name)


def prefixes(number: int, size: int, name: str = "") -> WithToken[PageOf]:
    """Return the call that lists prefixes."""
    path = "/snms/api/prefix/page"
    return _reading(path, read_page, entPrefix=name, currentPage=number, pageSize=size)


def host(name: str, server: int = 1) -> WithToken[None]:
    """Return the call that applies for a prefix to be hosted."""
    body = {"proxyServerId": server, "entPrefixConfig": {"entPrefix": name}}
    return _writing("POST", "/snms/api/ent/config", body)


def use_own_server(name: str, ip: str, tcp_port: int, udp_port: int) -> WithToken[None]:
    """Return the call that names the server which answers for a prefix."""
    server = {
        "entPrefix": name,
        "hdlType": "HS_SITE",
        "ipType": "6" if ":" in ip else "4",
        "ip": ip,
        "tcpPort": str(tcp_port),
        "udpPort": str(udp_port),
        "httpPort": "",
    }
    return _writing("POST", "/snms/api/ent/config", {"entPrefixConfig": server})


def _template(template: Template) -> dict[str, Any]:
    category, specific, trade, subclass = template.industry
    return {
        "prefix": template.prefix,
        "version": template.version,
        "industryCategory": category,
        "industrySpecific": specific,
        "industryTrade": trade,
        "industrySubclass": subclass,
        "type": template.kind,
        "description": template.description,
        "items": [_item(each) for each in template.items],
    }


def _item(item: TemplateItem) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": item.name,
        "idType": item.id_type,
        "required": item.required,
        "state": int(item.enabled),
        "metadata": {
            "type": "string",
            "minLength": item.min_length,
            "maxLength": item.max_length,
        },
    }
    if item.id_index is not None:
        found["idIndex"] = item.id_index
    return found


def _identifier(identifier: Identifier) -> dict[str, Any]:
    return {
        "handle": identifier.handle,
        "templateVersion": identifier.version,
        "value": [_attribute(each) for each in identifier.attributes],
    }


def _attribute(attribute: Attribute) -> dict[str, Any]:
    data = {"format": attribute.format, "value": attribute.value}
    return {"auth": "", "index": attribute.index, "type": attribute.type, "data": data}


def _batch(method: str, name: str, items: list[Any]) -> WithToken[list[ItemOutcome]]:
    if len(items) > SNMS_BATCH_ITEMS_MAX:
        raise ValueError(f"A call takes at most {SNMS_BATCH_ITEMS_MAX} items")
    return _made(method, f"{_DATA}/{name}", read_outcomes, _json(items))


def _writing(method: str, target: str, body: Mapping[str, Any]) -> WithToken[None]:
    return _made(method, target, read_nothing, _json(body))


def _reading(
    path: str, read: Callable[[HttpResponse], Result], **query: str | int
) -> WithToken[Result]:
    return _made("GET", f"{path}?{urlencode(query)}", read, b"", "")


def _made(
    method: str,
    target: str,
    read: Callable[[HttpResponse], Result],
    body: bytes,
    content_type: str = JSON_TYPE,
) -> WithToken[Result]:
    def make(token: str) -> Call[Result]:
        return BearerCall(method, target, read, body, content_type, token=token)

    return make


def _json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
