"""Rules of a right client, one module an API, and the ways of judging that they share."""
