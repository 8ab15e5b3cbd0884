"""Registering and resolving identifiers, and who may."""
