"""Resolution for clients: the walk from the top of the tree down, and a cache of what it found."""
