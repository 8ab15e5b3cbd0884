"""Uploading a file: F1 (snms-api.md §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from idnode.node.faces.http.body import BodyRefused
from idnode.node.faces.snms.texts import REFUSED, ParameterRefused, missing
from idnode.node.service.directory.files import FILE_BYTES_MAX
from idnode.node.service.directory.refusals import FileRefused

if TYPE_CHECKING:
    from idnode.node.faces.snms.exchange import SnmsServices

PART: Final = "file"
PARTS_MAX: Final = 16

_FRAME_BYTES_MAX: Final = 64 << 10
_CHUNK_BYTES: Final = 64 << 10


class FileCalls:
    """The call under ``/snms/api/file``."""

    def __init__(self, services: SnmsServices) -> None:
        self._services = services

    async def upload(self, request: web.Request) -> Any:
        """Keep the file of a form and return its number and name (F1)."""
        account = self._services.account(request)
        data = await _part(request)
        number, path = await self._services.files.add(account, data)
        return {"id": number, "path": path}


async def _part(request: web.Request) -> bytes:
    """Return the content of the part ``file``.

    Raises:
        BodyRefused: The form is far too long.
        ParameterRefused: There is no form, no such part, or the form breaks off.
        FileRefused: The part is longer than any file may be.

    """
    if not request.content_type.startswith("multipart/"):
        raise missing(PART)
    if (request.content_length or 0) > FILE_BYTES_MAX + _FRAME_BYTES_MAX:
        raise BodyRefused(413, "The form is too long", FILE_BYTES_MAX)
    try:
        form = await request.multipart()
        for _ in range(PARTS_MAX):
            part = await form.next()
            if part is None:
                break
            if isinstance(part, BodyPartReader) and part.name == PART:
                return await _content(part)
    except (ValueError, AssertionError, web.RequestPayloadError, HttpProcessingError) as error:
        raise ParameterRefused(REFUSED, "表单格式不正确") from error
    raise missing(PART)


async def _content(part: BodyPartReader) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(_CHUNK_BYTES):
        data += chunk
        if len(data) > FILE_BYTES_MAX:
            raise FileRefused(FILE_BYTES_MAX)
    return bytes(data)
