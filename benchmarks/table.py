"""The rows of a run as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from benchmarks.row import Row

_VERDICT = {True: "yes", False: "NO", None: ""}


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}"


def _bound(row: Row) -> str:
    """Return what must be reached, and whether it was."""
    if row.at_least is not None:
        bound = f"≥ {row.at_least:g} ×"
    elif row.at_most is not None:
        bound = f"≤ {row.at_most:,g} {row.unit}"
    else:
        return ""
    return f"{bound} {_VERDICT[row.kept]}".strip()


def table_of(rows: list[Row], caption: str) -> Table:
    """Return the one table."""
    table = Table(title="idnode beside its peers", caption=caption, caption_justify="left")
    for name in ("what", "ours", "pure Python", "peer"):
        table.add_column(name, justify="left" if name == "what" else "right")
    table.add_column("peer is", overflow="fold")
    table.add_column("ours ÷ peer", justify="right")
    table.add_column("must be", overflow="fold")
    table.add_column("notes (ours)", overflow="fold")
    for row in rows:
        ratio = "–" if row.ratio is None else f"{row.ratio:.3f}"
        figures = (row.our_figure, row.pure_figure, row.peer_figure)
        ours, pure, peer = (_figure(figure, row.unit) for figure in figures)
        table.add_row(row.what, ours, pure, peer, row.peer, ratio, _bound(row), row.note)
    return table
