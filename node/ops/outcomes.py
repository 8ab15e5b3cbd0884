"""Names what an answer is called in a metric's label, by its response code (handle-protocol.md §2.3)."""

from collections.abc import Mapping
from typing import Final

SUCCESS: Final = "success"
OTHER: Final = "other"

OUTCOMES: Final[Mapping[int, str]] = {
    1: SUCCESS,
    2: "error",
    3: "busy",
    4: "protocol_error",
    5: "not_supported",
    100: "not_found",
    101: "already_exists",
    102: "invalid_handle",
    200: "values_not_found",
    201: "value_exists",
    202: "invalid_value",
    301: "not_responsible",
    302: "referral",
    303: "referral",
    400: "invalid_administrator",
    401: "forbidden",
    402: "authentication_needed",
    403: "authentication_failed",
    404: "authentication_failed",
}
"""A closed list: whatever else a face may answer counts as `OTHER`."""

LABELS: Final = frozenset(OUTCOMES.values()) | {OTHER}
"""Every outcome that a label may name."""


def outcome_of(response_code: int) -> str:
    """Return the label of a response code."""
    return OUTCOMES.get(response_code, OTHER)
