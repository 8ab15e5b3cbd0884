"""The compiled core of the node: UDP threads that answer plain public resolutions."""
