"""Load tests: users of every face, keys over the whole register, shapes, thresholds, and a verdict (Locust)."""
