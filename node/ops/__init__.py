"""Describes how operators see the node: metrics, health, management app, logs."""
