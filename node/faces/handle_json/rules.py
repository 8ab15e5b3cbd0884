"""Rules of the JSON face and the redirect: requests that they refuse before the service sees them."""

from __future__ import annotations

from typing import Final

from idnode.node.faces.handle_json.redirect import AliasChainTooLong
from idnode.node.faces.http.rules import RULES as HTTP_RULES
from idnode.node.interceptors.rules.rule import Rule

RULES: Final[dict[type[BaseException], Rule]] = HTTP_RULES | {
    AliasChainTooLong: Rule(
        "W-HTTP-ALIASES",
        "Too many HS_ALIAS values lead from one handle to the next: {error}.",
        "HS_ALIAS 链过长：{error}。",
        "Look for aliases that point at each other.",
        "请检查是否有互相指向的别名。",
        "handle-http-api.md §6",
    ),
}
