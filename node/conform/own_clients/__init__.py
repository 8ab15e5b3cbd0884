"""The clients of idnode as a client to be graded, and the example of a driver: one module an API, nothing that knows of a case."""
