"""Names who may act under which prefix: an account under its own, an administrator under all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idnode.node.service.directory.refusals import Absent, NotPermitted, PrefixNotReady

if TYPE_CHECKING:
    from idnode.registry.directory.cache import Cache
    from idnode.registry.directory.entries import AccountEntry, PrefixEntry


def own_prefix(cache: Cache, account: AccountEntry, prefix: str) -> PrefixEntry:
    """Return a prefix under which the account may act, whatever its state.

    Raises:
        NotPermitted: It belongs to somebody else, or to nobody; who may not look is not told which.
        Absent: There is none, and an administrator asks.

    """
    entry = cache.prefixes.get(prefix)
    if entry is None:
        if account.is_admin:
            raise Absent("prefix", prefix)
        raise NotPermitted(f"{prefix} is not yours")
    if not account.is_admin and entry.account_id != account.id:
        raise NotPermitted(f"{prefix} is not yours")
    return entry


def enabled_prefix(cache: Cache, account: AccountEntry, prefix: str) -> PrefixEntry:
    """Return a prefix under which the account may act, and which may be used.

    Raises:
        NotPermitted: As `own_prefix`.
        Absent: As `own_prefix`.
        PrefixNotReady: It waits for review, was rejected or disabled.

    """
    entry = own_prefix(cache, account, prefix)
    if not entry.enabled:
        raise PrefixNotReady(prefix, "enabled")
    return entry


def hosted_prefix(cache: Cache, account: AccountEntry, prefix: str) -> PrefixEntry:
    """Return a prefix under which the account may register identifiers on this node.

    Raises:
        NotPermitted: As `own_prefix`.
        Absent: As `own_prefix`.
        PrefixNotReady: It is not enabled, or not hosted here.

    """
    entry = enabled_prefix(cache, account, prefix)
    if not entry.hosted:
        raise PrefixNotReady(prefix, "hosted", server_text(entry))
    return entry


def server_text(entry: PrefixEntry) -> str:
    """Return the address and port of the server that answers for a prefix which is not hosted, empty if none does."""
    server = entry.server
    if entry.hosted or not server:
        return ""
    host = f"[{server['ip']}]" if ":" in server["ip"] else server["ip"]
    ports = (server.get(name) for name in ("tcpPort", "udpPort", "httpPort"))
    return f"{host}:{next(filter(None, ports), '')}"
