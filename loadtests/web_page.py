"""Shows on Locust's web page, beside its own: both latencies of each operation, and the verdict."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from flask import request

from idnode.loadtests.forms import checks, rows
from idnode.loadtests.page import with_verdict

if TYPE_CHECKING:
    from flask import Response
    from locust.web import WebUI

    from idnode.loadtests.outcome import Outcome

_TABLES: Final = {
    "latencies": ("Latencies", ("face", "operation", "requests", "failed", "latency")),
    "verdict": ("Verdict", ("threshold", "asked", "measured", "held")),
}
_PERCENTILES: Final = {"p50": "p50", "p90": "p90", "p99": "p99", "p99.9": "p999", "max": "max"}
"""How a percentile is called, and its key in the page, which cannot have a point."""


def extend(page: "WebUI", present: Callable[[], "Outcome"]) -> None:
    """Add tabs to the page, and the verdict to the report that can be had from it."""
    app = page.app
    assert app is not None
    page.template_args["extended_tabs"] = [
        {"key": key, "title": title} for key, (title, _) in _TABLES.items()
    ]
    page.template_args["extended_tables"] = [
        {"key": key, "structure": list(_columns(key, names))} for key, (_, names) in _TABLES.items()
    ]

    @app.after_request
    def with_ours(response: "Response") -> "Response":
        if request.path.endswith("/stats/requests") and response.is_json:
            body = response.get_json()
            response.set_data(app.json.dumps(body | {"extended_stats": _stats(present())}))
        elif request.path.endswith("/stats/report") and response.status_code == 200:
            text = response.get_data(as_text=True)
            response.set_data(with_verdict(text, present().as_data()))
        return response


def _columns(key: str, names: tuple[str, ...]) -> Any:
    for name in names:
        yield {"key": name, "title": name}
    if key == "latencies":
        for title, name in _PERCENTILES.items():
            yield {"key": name, "title": f"{title} (ms)"}


def _stats(outcome: "Outcome") -> list[dict[str, Any]]:
    data = outcome.as_data()
    latencies = [
        {_PERCENTILES.get(name, name): cell for name, cell in row.items()} for row in rows(data)
    ]
    said = [{"threshold": data["verdict"], "asked": "", "measured": "", "held": ""}]
    if not outcome.note:
        said += [
            {"threshold": line, "asked": "", "measured": "", "held": "missing"}
            for line in (*data["doubts"], *data["missing"])
        ]
    return [
        {"key": "latencies", "data": latencies},
        {"key": "verdict", "data": [*said, *checks(data)]},
    ]
