"""A tree of nodes in one process, or in several by one and the same file."""
