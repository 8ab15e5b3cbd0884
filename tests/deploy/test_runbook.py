"""The runbook keeps these promises.

- Its way to back up and to restore works as printed: what was registered before the backup resolves from it.
- What it names exists: files and folders, dashboards and panels, settings, alerts.
- The Chinese one has the same chapters, in the same order, and the same commands.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from idnode.node.settings import Settings

BLOCK = re.compile(r"^```sh run\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def runbook(deploy):
    return (deploy / "README.md").read_text()


def _run(script, **variables):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_was_backed_up_as_printed_is_restored_as_printed(runbook, served, tmp_path):
    back_up, restore = BLOCK.findall(runbook)
    backup, restored = tmp_path / "backup", tmp_path / "restored" / "data"
    node = served()
    registered = node.run("register", "88.900.1/kept", "URL=https://example.org/kept")
    assert registered.returncode == 0, registered.stderr
    _run(back_up, BACKUP=str(backup), IDNODE_DATA_DIR=str(node.data_dir), **node.environment)
    assert not any((node.data_dir / "snapshots").iterdir())
    node.kill()
    _run(restore, BACKUP=str(backup), RESTORED=str(restored))
    again = served(folder=restored.parent)
    found = again.run("resolve", "88.900.1/kept", "--json")
    assert "https://example.org/kept" in found.stdout
    assert (restored / "keys").is_dir()


def test_the_chinese_runbook_has_the_same_chapters_and_steps(runbook, deploy):
    chinese = (deploy / "README.zh.md").read_text(encoding="utf-8")
    for part in (BLOCK, re.compile(r"^### Idnode\w+$", flags=re.MULTILINE)):
        assert part.findall(chinese) == part.findall(runbook)
    levels = re.compile(r"^#+ ", flags=re.MULTILINE)
    assert levels.findall(chinese) == levels.findall(runbook)


def test_what_lies_in_the_folder_is_in_its_table(runbook, deploy):
    table = re.findall(r"^\| (`.*?) \|", runbook.partition("\n## ")[0], flags=re.MULTILINE)
    named = {name.rstrip("/") for row in table for name in re.findall(r"`([^`]+)`", row)}
    assert all((deploy / name).exists() for name in named)
    others = {"README.md", "README.zh.md", "demo.sh", "compose", "dashboards", "hadolint.yaml"}
    there = {path.name for path in deploy.iterdir() if not path.name.startswith("_")}
    assert there - named - others == {"Dockerfile.dockerignore"}


def test_panels_that_it_points_to_exist(runbook, deploy):
    titles = {
        panel["title"]
        for path in (deploy / "grafana/dashboards").glob("*.json")
        for panel in json.loads(path.read_text())["panels"]
    }
    alerts = runbook[runbook.index("## Alerts") :]
    quoted = set(re.findall(r'"([A-Z][^"\n]+)"', alerts)) - {"interval"}
    assert quoted
    assert quoted <= titles


def test_settings_that_it_names_exist(runbook):
    prose = re.sub(r"^\|.*$", "", runbook, flags=re.MULTILINE)
    named = set(re.findall(r"`([a-z]+_[a-z_]+)`", prose))
    assert named <= set(Settings.model_fields) | {"not_found", "runbook_url"}


def test_alerts_that_it_refers_to_exist(runbook):
    chapters = set(re.findall(r"^### (\w+)$", runbook, flags=re.MULTILINE))
    assert set(re.findall(r"\bIdnode\w+", runbook)) <= chapters
