"""Describes what the HTTP faces share: the application, listener, bodies, replies."""
