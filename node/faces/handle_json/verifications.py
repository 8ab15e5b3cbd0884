"""``/api/verifications/{index:handle}``: whether a proof that was given elsewhere is good (handle-http-api.md §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idnode.node.faces.http.exchange import HttpExchange
from idnode.node.faces.http.java_texts import plain
from idnode.node.faces.http.parameters import all_parameters
from idnode.node.faces.http.proof_fields import (
    FieldsRefused,
    bytes_in,
    proof_in,
    split_identity,
)
from idnode.node.faces.http.replies import PLANNED
from idnode.node.service import events
from idnode.node.service.errors import AuthenticationFailed
from idnode.registry.handle.wire.constants import BEST_VERSION

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.http.services import Services
    from idnode.node.service.handle.proofs import Proofs

PATH: Final = "/api/verifications/"
_NEEDED: Final = ("nonce", "cnonce", "alg", "signature")
_KINDS: Final = ("HS_PUBKEY", "HS_SECKEY")
"""Where ``type`` is left out, an algorithm may stand for either kind of key."""

_FURTHER: Final = ("type", "salt", "iterations", "length")


class Verifications:
    """Checks proofs for others; nobody is signed in by that."""

    def __init__(self, services: Services, proofs: Proofs) -> None:
        self._services = services
        self._proofs = proofs

    async def verify(self, request: web.Request) -> web.StreamResponse:
        """Answer one question; a proof that cannot be read is not valid."""
        raw = request.rel_url.raw_path[len(PATH) :]
        exchange = HttpExchange(self._services, request, events.OTHER)
        try:
            parameters = await all_parameters(request)
            if not all(parameters.first(name) for name in _NEEDED):
                raise plain("Missing parameters in verification request")
            handle, _index = _identity(raw)
            exchange.handle, exchange.text = handle, handle.decode(errors="replace")
            fields = {
                name: text
                for name in (*_NEEDED, *_FURTHER)
                if (text := parameters.first(name)) is not None
            }
            valid = await self._is_valid(fields, raw)
        except PLANNED as error:
            return exchange.refused(error)
        members = {"responseCode": 1, "isValid": valid, "handle": exchange.text}
        return exchange.answer(200, members)

    async def _is_valid(self, fields: dict[str, str], identity: str) -> bool:
        kinds = (fields["type"],) if "type" in fields else _KINDS
        for kind in kinds:
            try:
                proof = proof_in(fields | {"type": kind}, identity)
                proven = bytes_in(fields, "nonce") + proof.cnonce
                await self._proofs.check(proof.answer, proven, BEST_VERSION)
            except (FieldsRefused, AuthenticationFailed):
                continue
            return True
        return False


def _identity(raw: str) -> tuple[bytes, int]:
    try:
        return split_identity(raw)
    except FieldsRefused as error:
        raise plain(f"Invalid identity: {error}") from error
