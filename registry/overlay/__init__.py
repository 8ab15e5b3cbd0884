"""A register over a data set: what was written stands before what is computed."""
