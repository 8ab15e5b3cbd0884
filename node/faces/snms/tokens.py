"""Logging in, and making users: A1 to A3 (snms-api.md §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idnode.node.faces.snms.models import Login, Registration
from idnode.node.faces.snms.reading import read_model
from idnode.node.service.directory.accounts import NewAccount, require_admin

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.snms.exchange import SnmsServices


class TokenCalls:
    """The calls under ``/identity``."""

    def __init__(self, services: SnmsServices) -> None:
        self._services = services
        self._accounts = services.accounts

    async def plain(self, request: web.Request) -> Any:
        """Return a token for a password (A1)."""
        login = await read_model(request, Login)
        return {"token": self._accounts.login(login.username, login.password)}

    async def digested(self, request: web.Request) -> Any:
        """Return a token for a dated digest of a password (A2)."""
        login = await read_model(request, Login)
        return {"token": self._accounts.login_digested(login.username, login.password)}

    async def register(self, request: web.Request) -> Any:
        """Make a user (A3)."""
        account = self._services.account(request)
        require_admin(account)
        new = await read_model(request, Registration)
        await self._accounts.add(
            account,
            NewAccount(
                username=new.username,
                inner=new.password,
                email=new.email,
                mobile=new.mobile,
                open_id=new.open_id or "",
                open_username=new.open_username or "",
                remarks=new.remarks or "",
            ),
        )
        return True
