"""Value types whose data has a structure of its own: one module each, and a row in `table`."""
