"""Docking to the national level: filings of enterprises and prefixes over EPP, and reports (secondary-node-functions.md §4)."""
