"""Below which prefixes native code may answer.

It looks handles up in the slot table and nowhere else. So a prefix qualifies only if all its records are
written ones: an overlay that makes records up (a data set) has to be asked in Python, and so have the prefix handles,
whose absence may be a referral (handle-protocol.md §5.1).
"""

from collections.abc import Container, Iterable

from node.service.authority import PREFIX_OF_PREFIXES


def answerable(homed: Iterable[bytes], overlaid: Container[bytes] = ()) -> frozenset[bytes]:
    """Return those of the folded prefixes that live here which native code may answer for.

    ``overlaid`` are the folded prefixes below which not every record is a written one.
    """
    return frozenset(
        prefix
        for prefix in homed
        if prefix and prefix != PREFIX_OF_PREFIXES and prefix not in overlaid
    )
