"""What a creation needs before it may be submitted, alone or in a batch."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from node.protocol.admin_value import Right
from registry import names, values

if TYPE_CHECKING:
    from node.service.credentials import Identity
    from node.service.permissions import Permissions

_pack_timestamp = struct.Struct(">I").pack


def checked_and_stamped(packed: bytes, now: int) -> bytes:
    """Return a value list fit for storing, each value dated ``now`` (epoch seconds).

    Raises:
        InvalidValue: A value breaks the model.
        IndexConflict: Two values share an index.
        RecordTooLarge: Over the limits of a record.

    """
    found = values.check(packed)
    stamp = _pack_timestamp(now)
    out = bytearray(packed)
    for span in found:
        out[span.start + 4 : span.start + 8] = stamp
    return bytes(out)


def require_creation(
    permissions: Permissions, identity: Identity | None, key: bytes, home: bytes
) -> None:
    """Insist on the right to create a complete handle whose administrators are those of ``home``.

    Raises:
        AuthenticationNeeded: ``identity`` is None.
        InvalidAdministrator: The identity lacks the right.

    """
    above = names.prefix_handle(home)
    own = names.fold(names.prefix_of(key)) == home
    right = Right.ADD_HANDLE if own else Right.ADD_PREFIX
    permissions.require(identity, right, above)
