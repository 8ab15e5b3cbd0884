"""A local secondary node for industrial-internet identifiers: the node, its register, clients and load tests."""
