"""Faults injected on purpose, so that clients meet here what they will meet in the field."""
