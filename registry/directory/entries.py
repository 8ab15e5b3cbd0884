"""Describes what the node keeps of the directory in memory: facts that no request may wait for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from idnode.registry.directory.states import PrefixStatus, ProxyState, Role

FIRST_ITEM_INDEX: Final = 2000
"""Lowest index that a template's item may have (snms-api.md §5)."""


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An account; see `idnode.registry.directory.tables.Account`."""

    id: int
    username: str
    inner: str
    role: Role

    @property
    def is_admin(self) -> bool:
        """Return whether it may act for everybody."""
        return self.role is Role.ADMIN


@dataclass(frozen=True, slots=True)
class PrefixEntry:
    """A prefix, who owns it and where it stands."""

    id: int
    name: str
    account_id: int
    enterprise_id: int
    status: PrefixStatus
    proxy_state: ProxyState
    settled: bool
    server: Mapping[str, Any] | None = None

    @property
    def enabled(self) -> bool:
        """Return whether it may be used."""
        return self.status is PrefixStatus.ENABLED

    @property
    def hosted(self) -> bool:
        """Return whether its identifiers are kept on this node."""
        return self.enabled and self.proxy_state is ProxyState.HOSTED


@dataclass(frozen=True, slots=True)
class ItemEntry:
    """An attribute of a template; lengths in characters."""

    id: int
    name: str
    id_type: str
    id_index: int
    required: bool
    enabled: bool
    min_length: int
    max_length: int
    details: Mapping[str, Any] | None = None
    """What an item of a metadata template has besides."""


@dataclass(frozen=True, slots=True)
class TemplateEntry:
    """A template with its items by index."""

    id: int
    prefix: str
    version: str
    kind: int
    description: str
    industry: tuple[str, str, str, str]
    items: Mapping[int, ItemEntry]
    required: frozenset[int]
    """Indexes of the enabled items that a registration must have."""
    details: Mapping[str, Any] | None = None
    """What a metadata template has besides; None for one that was made over SNMS."""
    created: int = 0
    updated: int = 0

    @property
    def handle(self) -> str:
        """The identifier of the template itself."""
        if self.details is not None:
            return str(self.details["handle"])
        return f"{self.prefix}/tpl-{self.version}"


def required_among(items: Mapping[int, ItemEntry]) -> frozenset[int]:
    """Return the indexes of the items that a registration must have."""
    return frozenset(index for index, item in items.items() if item.required and item.enabled)
