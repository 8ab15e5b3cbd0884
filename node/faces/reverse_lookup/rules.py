"""Rules of searches by values."""

from __future__ import annotations

from typing import Final

from idnode.node.interceptors.rules.rule import Rule
from idnode.node.service.identifiers.reverse_lookup import SearchTooLarge

RULES: Final[dict[type[BaseException], Rule]] = {
    SearchTooLarge: Rule(
        "W-SEARCH-TOO-LARGE",
        "The search would read more identifiers than one search may: {error}.",
        "该查询需要读取的标识过多：{error}。",
        "Search for fewer values, or list a prefix and look for yourself.",
        "请缩小查询范围，或列举某个前缀后自行查找。",
    ),
}
