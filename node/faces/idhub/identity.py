"""Proving who asks: challenge and signed answer (idhub-api.md §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idnode.node.faces.idhub.exchange import Answer
from idnode.node.faces.idhub.models import Proof
from idnode.node.faces.idhub.reading import read_model, required
from idnode.node.faces.idhub.texts import CHALLENGE_TEXT
from idnode.node.interceptors.exchange import note_handle

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.idhub.exchange import IdhubServices


class IdentityCalls:
    """The calls under ``/api/v1/doip/public``."""

    def __init__(self, services: IdhubServices) -> None:
        self._applications = services.applications

    async def challenge(self, request: web.Request) -> Any:
        """Return a nonce, as a text."""
        handle = required(request, "handle")
        note_handle(handle.encode(errors="replace"))
        return Answer(await self._applications.challenge(handle), CHALLENGE_TEXT)

    async def verify(self, request: web.Request) -> Any:
        """Return a token for a signed nonce."""
        proof = await read_model(request, Proof)
        note_handle(proof.handle.encode(errors="replace"))
        token = await self._applications.token(proof.handle, proof.signature)
        return Answer({"token": token}, CHALLENGE_TEXT)
