"""The sample identifier that a first start makes, so that there is something to resolve."""

from typing import Final

from idnode.node.first_start.prefixes import ENTERPRISE_SUFFIX, administrators_of
from idnode.registry.handle import values
from idnode.registry.handle.model import HandleValue

_VALUES: Final = (
    HandleValue(1, "URL", b"https://example.org/hello"),
    HandleValue(2, "DESC", "你好，工业互联网".encode()),
)


def sample_record(prefix: bytes) -> tuple[bytes, bytes]:
    """Return handle and packed values, below the example enterprise of the node's prefix."""
    enterprise = prefix + ENTERPRISE_SUFFIX
    return enterprise + b"/hello", values.pack((*_VALUES, administrators_of(enterprise)))
