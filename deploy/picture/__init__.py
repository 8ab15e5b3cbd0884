"""The README's picture: a terminal in which a node really ran."""
