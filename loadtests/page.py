"""Locust's HTML report with the verdict in front: what was asked, what was measured, and whether that was all."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from idnode.loadtests.forms import rows

_BODY = "<body>"
_STYLE = "font-family: sans-serif; margin: 1em; padding: 1em; border-left: 0.5em solid "
_COLOURS = {0: "#2e7d32", 1: "#c62828"}
_UNKNOWN = "#ef6c00"


def with_verdict(page: str, result: Mapping[str, Any]) -> str:
    """Return an HTML report with the verdict of a result (`report.as_data`) as its first section."""
    before, body, after = page.rpartition(_BODY)
    return f"{before}{body}{_section(result)}{after}"


def _section(result: Mapping[str, Any]) -> str:
    colour = _COLOURS.get(result["exit_code"], _UNKNOWN)
    return "".join(
        [
            f'<section id="verdict" style="{_STYLE}{colour}">',
            f"<h1>{escape(result['verdict'])}</h1>",
            f"<p>{escape(result['profile']['title'])}, exit code {result['exit_code']}</p>",
            "<table><tr><th>threshold</th><th>asked</th><th>measured</th><th></th></tr>",
            *map(_row, result["thresholds"]),
            "</table><ul>",
            *(f"<li>{escape(line)}</li>" for line in _lines(result)),
            "</ul>",
            *_latencies(result),
            "</section>",
        ]
    )


def _row(check: Mapping[str, Any]) -> str:
    held = "ok" if check["held"] else "BROKEN"
    name = escape(f"{check['of']} {check['name']}")
    return (
        f"<tr><td>{name}</td><td>{check['asked']:,g}</td>"
        f"<td>{check['measured']:,.2f}</td><td>{held}</td></tr>"
    )


def _lines(result: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"LOCUST WAS THE LIMIT: {doubt}" for doubt in result["doubts"])
    yield from (f"INCOMPLETE: {part}" for part in result["missing"])
    yield from result["remarks"]
    arrivals = result["arrivals"]
    if arrivals["planned"]:
        yield (
            f"arrivals: {arrivals['asked']:,} asked by the profile, {arrivals['planned']:,} planned,"
            f" {arrivals['sent']:,} sent, {arrivals['late']:,} of them late"
        )


def _latencies(result: Mapping[str, Any]) -> Iterator[str]:
    yield "<h2>Latencies in ms: corrected from the intended time, uncorrected from sending</h2><table>"
    found = list(rows(result))
    yield "<tr>" + "".join(f"<th>{escape(name)}</th>" for name in found[0]) + "</tr>"
    for row in found:
        cells = (f"{cell:,}" if isinstance(cell, int | float) else cell for cell in row.values())
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
    yield "</table>"
