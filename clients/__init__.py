"""Clients for a secondary node; importing this package loads no event loop and no HTTP library."""
