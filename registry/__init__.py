"""Identifiers and who owns them: the register, which knows no network."""
