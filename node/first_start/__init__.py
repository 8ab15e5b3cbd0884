"""What a node makes at its first start, and finds at later ones."""
