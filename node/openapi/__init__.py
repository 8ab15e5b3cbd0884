"""Describes what the node's HTTP APIs say about themselves: OpenAPI 3.1 from their models, and a page that shows it."""
