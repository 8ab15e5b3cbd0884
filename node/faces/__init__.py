"""Describes how clients reach the node: one package or module per external API."""
