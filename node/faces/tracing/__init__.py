"""The traces that a recursive node tells of how it finds handles."""
