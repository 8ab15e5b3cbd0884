"""Describes what a node does, whatever the face."""
