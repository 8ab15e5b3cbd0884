"""Lines of Chinese text for a terminal, where most characters take two columns and words have no spaces between."""

import re
from typing import Final

_WIDE: Final = "\u2e80-\u9fff\uff00-\uff60"
_OPENING: Final = "（《“‘"
_CLOSING: Final = "，。；：、）》”’？！"

_WIDE_CHARACTER: Final = re.compile(f"[{_WIDE}]")
_PIECE: Final = re.compile(
    rf"\s+|\[[^\]\s]{{1,24}}\]|[{_OPENING}]*(?:[^\s{_WIDE}{_OPENING}{_CLOSING}]+|[{_WIDE}])?[{_CLOSING}]*"
)
"""What stays on one line: a short default, a Chinese character or a word of others, with the punctuation that clings to it."""


def columns(text: str) -> int:
    """Return the columns that a text takes."""
    return len(text) + len(_WIDE_CHARACTER.findall(text))


def wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a paragraph, none wider than this unless it is one word."""
    lines = [""]
    for piece in filter(None, _PIECE.findall(text)):
        if lines[-1] and columns(lines[-1]) + columns(piece) > width:
            lines.append("")
        if lines[-1] or not piece.isspace():
            lines[-1] += " " if piece.isspace() else piece
    return [line.rstrip() for line in lines if line]
