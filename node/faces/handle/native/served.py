"""Below which prefixes native code may answer.

It looks handles up in the slot table and nowhere else. So a prefix qualifies only if all its records are
written ones and all are answered here: whatever makes records up (a data set, a template) or sends some askers elsewhere (a site
of several servers) has to be asked in Python. So have the prefix handles, whose absence may be a referral
(handle-protocol.md §5.1).
"""

from collections.abc import Callable, Iterable

from idnode.registry.handle.names import PREFIX_OF_PREFIXES


def answerable(homed: Iterable[bytes], *excepted: Callable[[bytes], bool]) -> frozenset[bytes]:
    """Return those of the folded prefixes that live here which native code may answer for.

    Each of ``excepted`` says of a prefix whether it has to be asked about it.
    """
    return frozenset(
        prefix
        for prefix in homed
        if prefix and prefix != PREFIX_OF_PREFIXES and not any(has(prefix) for has in excepted)
    )
