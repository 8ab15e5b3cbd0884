"""A trace as a picture: one box a node, in the order of the hops, as SVG that stands alone."""

from collections.abc import Callable
from html import escape
from typing import Final

from idnode.clients.tracing.trace import End, Hop, Trace

_BOX: Final = (250, 62)
_GAP: Final = 46
_INDENT: Final = 40
_MARGIN: Final = 20
_HEAD: Final = 48

_COLOURS: Final = {
    "national": "#c0392b",
    "secondary": "#2471a3",
    "enterprise": "#1e8449",
    "recursive": "#7d3c98",
}
STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#222}.n{font-weight:600}.s{font-size:11px;fill:#555}"
    "@media(prefers-color-scheme:dark){svg{background:#1b1b1b}text{fill:#eee}.s{fill:#aaa}rect{fill:#262626!important}}"
)


def trace_picture(trace: Trace, say: Callable[[str], str] = str) -> str:
    """Return a trace as an SVG document; ``say`` puts each of its sentences into another language."""
    title = f"{trace.handle}: {say(trace.end)}"
    deepest = max((hop.depth for hop in trace.hops), default=0)
    width = 2 * _MARGIN + _BOX[0] + deepest * _INDENT + 330
    height = _HEAD + len(trace.hops) * (_BOX[1] + _GAP) + _MARGIN + 20
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" aria-label="{escape(title)}">'
        ),
        f"<style>{STYLE}</style>",
        _line(_MARGIN, 28, title, "n"),
    ]
    for number, hop in enumerate(trace.hops):
        parts += _hop(number, hop, say, last=number == len(trace.hops) - 1)
    parts.append(_line(_MARGIN, height - 16, say(_end(trace)), "n"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def colour_of(role: str) -> str:
    """Return the colour in which pictures show a role."""
    return _COLOURS.get(role, "#777")


def _hop(number: int, hop: Hop, say: Callable[[str], str], *, last: bool) -> list[str]:
    left = _MARGIN + hop.depth * _INDENT
    top = _HEAD + number * (_BOX[1] + _GAP)
    bottom = top + _BOX[1]
    name = f"{number + 1}. {hop.node or hop.server}"
    came = hop.failure or f"{hop.response_code} {hop.response}"
    beside = [came, " · ".join(filter(None, [f"{hop.seconds * 1000:.2f} ms", hop.transport]))]
    told = [f"cache {hop.cache}" if hop.cache else "", hop.rule]
    beside.append(" · ".join(say(each) for each in told if each))
    parts = [
        (
            f'<rect x="{left}" y="{top}" width="{_BOX[0]}" height="{_BOX[1]}" rx="8" fill="#fff" '
            f'stroke="{colour_of(hop.role)}" stroke-width="2"/>'
        ),
        _line(left + 12, top + 25, name, "n"),
        _line(left + 12, top + 46, f"{say(hop.role or 'unknown role')} · {hop.server}", "s"),
        *(
            _line(left + _BOX[0] + 14, top + 18 + 19 * at, text, "s" if at else "")
            for at, text in enumerate(beside)
        ),
    ]
    if not last:
        middle = left + _BOX[0] // 2
        parts.append(
            f'<path d="M{middle} {bottom}v{_GAP - 8}m-5 -6l5 8l5 -8" fill="none" stroke="#888"/>'
        )
    return parts


def _end(trace: Trace) -> str:
    return trace.why if trace.end is not End.ANSWERED else "answered"


def _line(x: int, y: int, text: str, kind: str) -> str:
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(text)}</text>'
