"""What a node does, whatever the face."""
