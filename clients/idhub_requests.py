"""Calls of the IDHub API as data: what to send, and how to read what comes back. No I/O.

Source: idhub-api.md §§3 to 7.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from idnode.clients.idhub_answers import (
    MetadataItem,
    MetadataTemplate,
    ObjectPage,
    ResolvedObject,
    nothing_of,
    object_of,
    outcomes_of,
    page_of,
    template_of,
    text_of,
    token_of,
)
from idnode.clients.web_requests import JSON_TYPE, BearerCall, Call, HttpResponse, WithToken

_DOIP: Final = "/api/v1/doip"
_OPEN: Final = "/api/v1/open"

CREATE: Final = "0.DOIP/Op.Create"
UPDATE: Final = "0.DOIP/Op.Update"
UPDATE_PARTLY: Final = "0.DOIP.EXTEND/Op.Update.Non.Overlay"
DELETE: Final = "0.DOIP/Op.Delete"
RETRIEVE: Final = "0.DOIP/Op.Retrieve"

Result = TypeVar("Result")

Sign = Callable[[bytes], bytes]
"""Signs bytes with the application's private key: RSASSA-PKCS1-v1_5 with SHA-256."""


@dataclass(frozen=True, slots=True)
class ApplicationIdentity:
    """Names an application; ``sign`` signs what it is challenged with."""

    handle: str
    sign: Sign = field(repr=False)


def challenge(handle: str) -> Call[str]:
    """Return the call that asks for a challenge."""
    return Call("GET", f"{_DOIP}/public/challenge?{urlencode({'handle': handle})}", text_of)


def proof(identity: ApplicationIdentity, nonce: str) -> Call[str]:
    """Return the call that asks for a token with a signed challenge."""
    signature = base64.b64encode(identity.sign(nonce.encode())).decode()
    body = {"handle": identity.handle, "signature": signature}
    return Call("POST", f"{_DOIP}/public/verify-response", token_of, _json(body), JSON_TYPE)


def create_template(template: MetadataTemplate) -> WithToken[str]:
    """Return the call that makes a metadata template, and brings its handle."""
    body = _head(template) | {"metaItemCreateDTOS": [_item(each) for each in template.items]}
    if template.handle:
        body["metaHandle"] = template.handle
    return _asking("POST", f"{_OPEN}/meta/create", template_of, body)


def template_info(handle: str) -> WithToken[Mapping[str, Any]]:
    """Return the call that reads a metadata template."""
    return _asking("GET", f"{_OPEN}/meta/info", object_data_of, metaHandle=handle)


def publish(handles: Sequence[str], *, withdraw: bool = False) -> WithToken[dict[str, str]]:
    """Return the call that publishes templates; brings why not by handle, for those that failed."""
    operation = "withdraw" if withdraw else "publish"
    body = {"metaHandleList": list(handles), "opType": operation}
    return _asking("PUT", f"{_OPEN}/meta/publish-or-withdraw", outcomes_of, body)


def delete_templates(handles: Sequence[str]) -> WithToken[None]:
    """Return the call that deletes templates."""
    query = urlencode([("metaHandleList", handle) for handle in handles])
    return _asking("DELETE", f"{_OPEN}/meta/delete?{query}", nothing_of)


def grant_template(
    handle: str, users: Sequence[str], *, everybody: bool = False
) -> WithToken[None]:
    """Return the call that grants a template."""
    body = {"metaHandle": handle, "scope": 1 if everybody else 2, "handleUsers": list(users)}
    return _asking("POST", f"{_OPEN}/meta/grant/info", nothing_of, body)


def templates(classify: str, number: int, size: int) -> WithToken[ObjectPage]:
    """Return the call that lists templates; pages count from 0."""
    path = f"{_OPEN}/meta/page"
    return _asking("GET", path, page_of, classifyCode=classify, page=number, size=size)


def write(
    operation: str, handle: str, template: str, content: Mapping[str, Any]
) -> WithToken[None]:
    """Return the call that creates or changes an identifier."""
    query = urlencode({"targetId": handle, "operationId": operation})
    body = {"type": template, "attributes": {"content": dict(content)}}
    return _asking("POST", f"{_DOIP}?{query}", nothing_of, body)


def delete(handle: str) -> WithToken[None]:
    """Return the call that deletes an identifier."""
    query = urlencode({"targetId": handle, "operationId": DELETE})
    return _asking("POST", f"{_DOIP}?{query}", nothing_of)


def retrieve(handle: str) -> WithToken[ResolvedObject]:
    """Return the call that resolves an identifier or a template."""
    return _asking("GET", _DOIP, object_of, targetId=handle, operationId=RETRIEVE)


def identifiers(template: str, number: int, size: int) -> WithToken[ObjectPage]:
    """Return the call that lists the identifiers of a template; pages count from 0."""
    path = f"{_OPEN}/handle/page"
    return _asking("GET", path, page_of, metaHandle=template, page=number, size=size)


def grant(
    handle: str, readers: Sequence[str], writers: Sequence[str], *, everybody: bool = False
) -> WithToken[None]:
    """Return the call that grants one identifier."""
    body = {
        "handle": handle,
        "grantType": 2,
        "readerScope": 1 if everybody else 2,
        "handleUserReaders": list(readers),
        "handleUserWriters": list(writers),
    }
    return _asking("POST", "/api/v1/single-handle/authorization", nothing_of, body)


def object_data_of(response: HttpResponse) -> Mapping[str, Any]:
    """Return data that is an object, as it is."""
    return object_of(response).data


def _head(template: MetadataTemplate) -> dict[str, Any]:
    category, specific, trade, subclass = template.industry
    return {
        "classifyCode": template.classify,
        "metaName": template.name,
        "metaCode": template.code,
        "industryCategory": category,
        "industrySpecific": specific,
        "industryTrade": trade,
        "industrySubclass": subclass,
    }


def _item(item: MetadataItem) -> dict[str, Any]:
    return {
        "itemCode": item.code or item.english,
        "englishName": item.english,
        "chineseName": item.chinese,
        "required": int(item.required),
        "uniqueField": int(item.unique),
        "inputNecessary": 1,
        "itemSchemaCreateDTO": dict(item.schema),
    }


def _json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def _asking(
    method: str,
    path: str,
    read: Callable[[HttpResponse], Result],
    body: Any = None,
    **query: Any,
) -> WithToken[Result]:
    where = f"{path}?{urlencode(query)}" if query else path
    content = b"" if body is None else _json(body)
    kind = "" if body is None else JSON_TYPE
    return lambda token: BearerCall(method, where, read, content, kind, token=token)
