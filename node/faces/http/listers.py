"""Names who lists the identifiers of a prefix: an identity, or the account behind a token of the SNMS face."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.handle.names import prefix_handle
from idnode.registry.handle.prefix_record import SECRET_KEY_INDEX

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.http.services import Services

_BEARER = "bearer"


async def lister(services: Services, request: web.Request, prefix: bytes) -> Identity | None:
    """Return who asks for the list of a folded prefix; None for somebody who does not say so.

    An account counts as the administrator of the prefixes that are its own, as it does where it writes.

    Raises:
        CredentialsRefused: As `HttpAuthorization.identity`.
        TokenRefused: A token that proves nobody.
        NotPermitted: The prefix is not the account's.

    """
    scheme = request.headers.get("Authorization", "")[: len(_BEARER) + 1]
    if services.snms is None or scheme.lower() != f"{_BEARER} ":
        return await services.authorization.identity(request)
    snms = services.snms(services.observer)
    account = snms.account(request)
    if not account.is_admin:
        snms.onboarding.visible(account, prefix.decode(errors="replace"))
    return Identity(prefix_handle(prefix), SECRET_KEY_INDEX)
