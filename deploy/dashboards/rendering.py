"""From dashboards to the files that Grafana reads."""

import json
from pathlib import Path
from typing import Final

from deploy.dashboards import load_test, node_health, suzhou, tree
from grafana_foundation_sdk.cog.encoder import JSONEncoder

FOLDER: Final = Path(__file__).parents[1] / "grafana" / "dashboards"

DASHBOARDS: Final = {
    "suzhou.json": suzhou.dashboard,
    "node.json": node_health.dashboard,
    "load-test.json": load_test.dashboard,
    "tree.json": tree.dashboard,
}
"""File name → what makes its content."""


def rendered() -> dict[str, str]:
    """Return the text of each file by its name; the same text each time."""
    return {
        name: json.dumps(make(), cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False)
        + "\n"
        for name, make in DASHBOARDS.items()
    }
