"""The twelve secondary nodes, all invented (示例), and how many enterprises each has.

Known of the real ones is only that there were twelve, five comprehensive and seven of single industries, with 4,160
enterprises and 6.5 billion identifiers in all (suzhou.md §1).
"""

from dataclasses import dataclass
from typing import Final

from idnode.registry.datasets.suzhou.catalogue import INDUSTRIES
from idnode.registry.datasets.suzhou.industries import Industry

IDENTIFIERS: Final = 6_500_000_000
ENTERPRISES: Final = 4_160


@dataclass(frozen=True, slots=True)
class SecondaryNode:
    """A secondary node; ``industry`` is None for a comprehensive one."""

    prefix: bytes
    name: str
    enterprises: int
    industry: Industry | None = None


_COMPREHENSIVE: Final = (
    ("示例综合节点·姑苏", 620),
    ("示例综合节点·园区", 560),
    ("示例综合节点·昆山", 500),
    ("示例综合节点·吴江", 460),
    ("示例综合节点·常熟", 420),
)
_SINGLE: Final = (300, 340, 220, 160, 180, 240, 160)

NODES: Final = (
    *(
        SecondaryNode(b"88.%d" % number, name, enterprises)
        for number, (name, enterprises) in enumerate(_COMPREHENSIVE, start=901)
    ),
    *(
        SecondaryNode(b"88.%d" % number, f"示例{industry.name}行业节点", enterprises, industry)
        for number, (industry, enterprises) in enumerate(
            zip(INDUSTRIES, _SINGLE, strict=True), start=901 + len(_COMPREHENSIVE)
        )
    ),
)
"""In ascending order of their prefixes, ``88.901`` … ``88.912``."""

assert sum(node.enterprises for node in NODES) == ENTERPRISES
