"""Rules of this face: requests that it refuses before the service sees them."""

from __future__ import annotations

from typing import Final

from idnode.node.faces.snms.texts import ParameterRefused
from idnode.node.interceptors.rules.rule import Rule

RULES: Final[dict[type[BaseException], Rule]] = {
    ParameterRefused: Rule(
        "W-SNMS-PARAMETER",
        "A parameter is missing, of the wrong type, too long, or out of its range: {error}.",
        "参数缺失、类型不符、过长或超出范围：{error}。",
        "Compare the member named with the example at /docs; send UTF-8 as application/json.",
        "请对照 /docs 中的示例检查该成员；以 UTF-8、application/json 发送。",
        "snms-api.md §2",
    ),
}
