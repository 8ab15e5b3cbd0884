"""The network service in front of the register."""
