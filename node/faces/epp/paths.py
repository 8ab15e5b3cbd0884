"""Paths on which a national node takes filings and reports."""

from typing import Final

EPP_PATH: Final = "/epp"
REPORTS_PATH: Final = "/api/v1/reports"
