"""The industries: codes, and the attributes of what each of them names.

An industry has one list of attributes. A small record has the first five of them, a standard one those before
`Industry.standard`, a full one all; a rich one is a standard one with one large value behind it. The attributes
of the first five industries are those proposed in suzhou.md §3; the rest is invented.
"""

from dataclasses import dataclass
from typing import Final

ATTRIBUTE_INDEX: Final = 2000
"""Index of an industry's first attribute (snms-api.md §5)."""

SMALL_ATTRIBUTES: Final = 5


@dataclass(frozen=True, slots=True)
class Pick:
    """One of these texts, by chance."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """A text in which each ``#``, at most three of them, is a digit by chance."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Day:
    """The day of making plus ``days``, written as `datetime.date.strftime` does."""

    days: int = 0
    form: str = "%Y-%m-%d"


@dataclass(frozen=True, slots=True)
class Own:
    """The identifier's suffix behind a text; ``{prefix}`` in it is the enterprise's."""

    before: str = ""


@dataclass(frozen=True, slots=True)
class Related:
    """The identifier of what this one lies in: the first of each ``count`` consecutive positions."""

    count: int


@dataclass(frozen=True, slots=True)
class OfEnterprise:
    """A text about the enterprise, from ``{name}`` and ``{prefix}``."""

    text: str = "{name}"


Source = Pick | Measure | Day | Own | Related | OfEnterprise


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """One attribute: Chinese name, type of the value, and where its content comes from; equal to itself only."""

    name: str
    value_type: str
    source: Source


@dataclass(frozen=True, slots=True, eq=False)
class Industry:
    """An industry, equal to itself only; ``classes`` are section, division, group and class of GB/T 4754-2017."""

    code: str
    name: str
    trade: str
    """What stands in the names of its enterprises."""
    classes: tuple[str, str, str, str]
    standard: int
    attributes: tuple[Attribute, ...]


def pick(*texts: str) -> Pick:
    """Return a `Pick` of these texts."""
    return Pick(texts)


INSPECTION: Final = (
    Attribute("质检员", "inspector", pick("王*芳", "李*强", "张*敏", "陈*", "刘*伟", "Zhou Min")),
    Attribute("班次", "shift", pick("早班 A", "中班 B", "夜班 C")),
    Attribute("环境温度", "ambientTemp", Measure("2#.# ℃")),
    Attribute("环境湿度", "humidity", Measure("4#.# %RH")),
    Attribute("抽样方案", "sampling", pick("GB/T 2828.1 一般检验水平II AQL 0.65", "全检 100%")),
    Attribute("放行人", "releasedBy", pick("质量部 赵*", "质量部 孙*", "QA-07", "QA-12")),
    Attribute("碳足迹", "carbonFootprint", Measure("0.### kgCO2e")),
    Attribute("备注", "remark", pick("无", "正常", "首件检验合格", "示例数据，不对应真实产品")),
)
"""What a full record of most industries has behind the rest."""
