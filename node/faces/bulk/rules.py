"""Rules of the bulk face: items that it refuses before the register sees them."""

from __future__ import annotations

from typing import Final

from idnode.node.faces.bulk.items import MalformedItem
from idnode.node.interceptors.rules.rule import Rule

RULES: Final[dict[type[BaseException], Rule]] = {
    MalformedItem: Rule(
        "W-BULK-ITEM",
        "An item is not [handle, [[index, type, data, ttl], …]]: {error}.",
        "某项不是 [标识, [[索引, 类型, 数据, TTL], …]]：{error}。",
        "Send each item as a list of a handle and a list of values; ttl may be left out.",
        "每项为一个列表：标识，以及值的列表；TTL 可省略。",
    ),
}
