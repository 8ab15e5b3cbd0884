"""Algorithms that the cryptography library does not have."""
