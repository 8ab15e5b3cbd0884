"""A secondary node's side of docking: it files its enterprises and prefixes at the national node, and reports."""
