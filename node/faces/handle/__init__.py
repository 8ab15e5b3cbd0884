"""The Handle protocol over TCP, UDP and HTTP tunnel."""
