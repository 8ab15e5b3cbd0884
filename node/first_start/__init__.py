"""Makes what a node has at its first start, and finds at later ones."""
