"""Roles of accounts and states of prefixes (snms-api.md §§3 and 8)."""

from enum import IntEnum, StrEnum


class Role(StrEnum):
    """Describes what an account may do."""

    ADMIN = "admin"
    REVIEWER = "reviewer"
    ENTERPRISE = "enterprise"
    HOSTED = "hosted"
    """An enterprise whose identifiers are kept on this node."""


class PrefixStatus(IntEnum):
    """Tells where a prefix stands between application and use (P1)."""

    DISABLED = 0
    ENABLED = 1
    TO_BE_DELETED = 2
    REJECTED = 3
    WAITING = 4
    UNDER_REVIEW = 5
    """Passed here, and not yet decided at the national top-level node."""


class ProxyState(IntEnum):
    """Names who keeps the identifiers of a prefix (P2)."""

    NOT_HOSTED = 1
    APPLIED = 2
    REJECTED = 3
    HOSTED = 4
