"""Rules and dashboards as Kubernetes objects: for the Prometheus operator, and for Grafana's sidecar."""

from pathlib import Path
from typing import Final

import yaml
from deploy.dashboards.rendering import rendered

DEPLOY: Final = Path(__file__).parents[1]
FOLDER: Final = DEPLOY / "kubernetes"
_LABELS: Final = {"app.kubernetes.io/name": "idnode"}
_MADE: Final = "# Made by `make dashboards` of deploy/{of}; change it there.\n"


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as it is."""


def _as_it_is(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _as_it_is)


def manifests() -> dict[str, str]:
    """Return the text of each manifest by the name of its file."""
    groups = [
        group
        for path in sorted((DEPLOY / "prometheus/rules").glob("*.yml"))
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    ]
    rule = _object("monitoring.coreos.com/v1", "PrometheusRule", "idnode", {})
    rule["spec"] = {"groups": groups}
    boards = _object("v1", "ConfigMap", "idnode-dashboards", {"grafana_dashboard": "1"})
    boards["data"] = dict(sorted(rendered().items()))
    return {
        "rules.yaml": _MADE.format(of="prometheus/rules") + _dumped(rule),
        "dashboards.yaml": _MADE.format(of="dashboards") + _dumped(boards),
    }


def _object(version: str, kind: str, name: str, labels: dict[str, str]) -> dict[str, object]:
    metadata = {"name": name, "labels": _LABELS | labels}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def _dumped(manifest: dict[str, object]) -> str:
    return yaml.dump(manifest, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
