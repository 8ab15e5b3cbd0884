"""The console: pages of the management port for people who would rather look than read."""
