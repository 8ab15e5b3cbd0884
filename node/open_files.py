"""Raises how many files and connections the system lets this process have open."""

import contextlib

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]


def raise_limit() -> None:
    """Raise the soft limit of open files to the hard one: a connection is a file, too.

    Shells often start with 1,024, fewer than the connections that the node is set to serve.
    """
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        # Some systems refuse "unlimited"; the soft limit then stays.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
