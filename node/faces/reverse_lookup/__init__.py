"""Reverse look-up over HTTP, as the search servlet that PYHANDLE asks serves it."""
