"""Accounts, enterprises, prefixes and templates."""
