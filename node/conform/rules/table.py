"""Every rule by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idnode.node.conform.rules import handle, handle_streams, idhub, json_api, snms

if TYPE_CHECKING:
    from idnode.node.conform.rule import Rule

RULES: Final[dict[str, Rule]] = {
    rule.id: rule
    for module in (handle, handle_streams, json_api, snms, idhub)
    for rule in module.RULES
}
