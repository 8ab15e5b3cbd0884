"""A tree as a picture, each node a box below its parent, as SVG that stands alone; and the same as text."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from idnode.clients.tracing.picture import STYLE, colour_of

_BOX: Final = (176, 74)
_GAP: Final = (14, 70)
_MARGIN: Final = 20
_HEAD: Final = 50

Told = dict[str, Any]


def tree_picture(status: Told) -> str:
    """Return what ``/tree`` tells as an SVG document."""
    placed: dict[str, tuple[float, int]] = {}
    nodes = {node["name"]: node for node in status["nodes"]}
    columns = 0.0
    for node in status["nodes"]:
        if node["parent"] is None:
            columns = _place(node, nodes, columns, 0, placed)
    depth = 1 + max((level for _, level in placed.values()), default=0)
    width = round(2 * _MARGIN + columns * (_BOX[0] + _GAP[0]))
    height = _HEAD + depth * (_BOX[1] + _GAP[1])
    title = f"{status['name']}: {len(nodes)} nodes, {status['identifiers']:,} identifiers"
    lines = [_edge(placed, node) for node in status["nodes"] if node["parent"] is not None]
    boxes = [_box(placed[node["name"]], node) for node in status["nodes"]]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{escape(title)}">'
    )
    return "\n".join(
        [
            head,
            f"<style>{STYLE}</style>",
            f'<text x="{_MARGIN}" y="30" class="n">{escape(title)}</text>',
            *lines,
            *boxes,
            "</svg>\n",
        ]
    )


def tree_text(status: Told) -> str:
    """Return what ``/tree`` tells as lines, children indented below their parents."""
    lines: list[str] = []

    def add(node: Told, indent: str, branch: str) -> None:
        where = f"  {node['handle']}" if "handle" in node else ""
        holds = f"  {node['identifiers']:,} identifiers" if node["identifiers"] else ""
        title = f" {node['title']}" if node["title"] else ""
        lines.append(
            f"{indent}{branch}{node['name']}{title}  {node['prefix'] or node['role']}  "
            f"[{node['state']}]{where}{holds}"
        )
        below = [each for each in status["nodes"] if each["parent"] == node["name"]]
        inner = indent + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
        for number, child in enumerate(below, start=1):
            add(child, inner, "└─ " if number == len(below) else "├─ ")

    for node in status["nodes"]:
        if node["parent"] is None:
            add(node, "", "")
    return "\n".join(lines) + "\n"


def _place(
    node: Told,
    nodes: dict[str, Told],
    column: float,
    level: int,
    placed: dict[str, tuple[float, int]],
) -> float:
    """Place a node above the middle of what hangs below it; return the next free column."""
    start = column
    for child in nodes.values():
        if child["parent"] == node["name"]:
            column = _place(child, nodes, column, level + 1, placed)
    column = max(column, start + 1)
    placed[node["name"]] = ((start + column - 1) / 2, level)
    return column


def _corner(place: tuple[float, int]) -> tuple[int, int]:
    column, level = place
    return (
        round(_MARGIN + column * (_BOX[0] + _GAP[0])),
        _HEAD + level * (_BOX[1] + _GAP[1]),
    )


def _edge(placed: dict[str, tuple[float, int]], node: Told) -> str:
    above, below = _corner(placed[node["parent"]]), _corner(placed[node["name"]])
    x, y = above[0] + _BOX[0] // 2, above[1] + _BOX[1]
    to_x, middle = below[0] + _BOX[0] // 2, y + _GAP[1] // 2
    dashes = ' stroke-dasharray="4 4"' if node["role"] == "recursive" else ""
    path = f"M{x} {y}V{middle}H{to_x}V{below[1]}"
    return f'<path d="{path}" fill="none" stroke="#888"{dashes}/>'


def _box(place: tuple[float, int], node: Told) -> str:
    x, y = _corner(place)
    stopped = "" if node["state"] == "ready" else ' stroke-dasharray="6 4"'
    texts = (
        ("n", node["name"]),
        ("s", node["title"] or node["role"]),
        ("s", f"{node['prefix']} {node['industry']}".strip() or node["role"]),
        ("s", f"{node['identifiers']:,}" if node["identifiers"] else node["state"]),
    )
    return "\n".join(
        [
            (
                f'<rect x="{x}" y="{y}" width="{_BOX[0]}" height="{_BOX[1]}" rx="8" fill="#fff" '
                f'stroke="{colour_of(node["role"])}" stroke-width="2"{stopped}/>'
            ),
            *(
                f'<text x="{x + 10}" y="{y + 19 + 16 * at}" class="{kind}">{escape(text)}</text>'
                for at, (kind, text) in enumerate(texts)
            ),
        ]
    )
