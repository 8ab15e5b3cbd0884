"""Suzhou, 2021: 12 secondary nodes, 4,160 enterprises, 6.5 billion identifiers (see README.md beside this)."""
