"""What Prometheus is given keeps these promises.

- Prometheus' own checker accepts the configuration, the rules, and what a node exposes.
- Every rule has a case that shows what it says, and every case holds.
- Every metric, label value and bucket that a rule reads is one that a node exposes.
- Every alert says how urgent it is and points to its chapter of the runbook, and the runbook has no other.
"""

import re
import shutil
import tomllib
import urllib.request
from pathlib import Path

import pytest
import yaml

from idnode.node.interceptors.exchange import HANDLE_UDP
from idnode.node.ops.counters import SECONDS
from idnode.node.ops.outcomes import LABELS
from idnode.node.service.events import OPERATIONS

ROOT = Path(__file__).parents[2]
SEVERITIES = {"page", "ticket"}

_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUNBOOK = f"{_PROJECT['urls']['Repository']}/blob/main/deploy/README.md"
"""A link that somebody who was woken can follow."""


@pytest.fixture(scope="session")
def folder(deploy):
    return deploy / "prometheus"


@pytest.fixture(scope="session")
def alerts(rules):
    return [rule for rule in rules if "alert" in rule]


def test_prometheus_accepts_its_configuration(promtool, folder):
    promtool("check", "config", "--lint=all", "--lint-fatal", "prometheus.yml", cwd=folder)


def test_prometheus_accepts_its_configuration_in_compose(promtool, folder, deploy, tmp_path):
    """As it is mounted there, with what compose mounts beside it."""
    shutil.copytree(folder / "rules", tmp_path / "rules")
    shutil.copytree(deploy / "compose/targets", tmp_path / "targets")
    text = (deploy / "compose/prometheus.yml").read_text(encoding="utf-8")
    token = tmp_path / "admin_token"
    token.write_text("a-token")
    (tmp_path / "prometheus.yml").write_text(text.replace("/run/secrets/admin_token", str(token)))
    promtool("check", "config", "--lint=all", "--lint-fatal", "prometheus.yml", cwd=tmp_path)


def test_both_configurations_say_who_is_told_and_scrape_the_same_jobs(folder, deploy):
    found = [
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (folder / "prometheus.yml", deploy / "compose/prometheus.yml")
    ]
    assert all(each["alerting"]["alertmanagers"] for each in found)
    jobs = [[job["job_name"] for job in each["scrape_configs"]] for each in found]
    assert jobs[0] == jobs[1]


def test_alertmanager_tells_its_receivers_of_every_severity(deploy, alerts):
    said = yaml.safe_load((deploy / "compose/alertmanager.yml").read_text(encoding="utf-8"))
    receivers = {receiver["name"] for receiver in said["receivers"]}
    route = said["route"]
    assert {route["receiver"], *(each["receiver"] for each in route["routes"])} == receivers
    assert {alert["labels"]["severity"] for alert in alerts} == receivers == SEVERITIES
    named = {alert["alert"] for alert in alerts}
    for rule in said["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            assert re.search(r'"(.*)"', matcher)[1] in named


def test_prometheus_accepts_the_rules(promtool, folder):
    promtool("check", "rules", "--lint=all", "--lint-fatal", *sorted(folder.glob("rules/*.yml")))


def test_prometheus_finds_nothing_to_mend_in_what_a_node_exposes(promtool, served):
    with urllib.request.urlopen(f"{served().ready['admin']}/metrics") as exposition:
        own = [
            line
            for line in exposition.read().decode().splitlines()
            if not re.search(r"^(# \w+ )?(python|process)_", line)
        ]
    said = promtool("check", "metrics", input="\n".join(own) + "\n")
    assert said == ""


@pytest.mark.parametrize(
    "cases", ["volume", "requests", "objectives", "objectives_of_days", "saturation"]
)
def test_rules_say_what_their_cases_expect(promtool, folder, cases):
    promtool("test", "rules", folder / f"cases/{cases}.yml")


def test_every_rule_has_a_case(folder, rules):
    shown = set()
    for path in folder.glob("cases/*.yml"):
        for test in yaml.safe_load(path.read_text())["tests"]:
            for case in test.get("alert_rule_test", ()):
                shown |= {case["alertname"]} if case["exp_alerts"] else set()
            for case in test.get("promql_expr_test", ()):
                shown |= set(re.findall(r"[a-z_]+:[a-z_]+:[a-z0-9_]+", case["expr"]))
    assert {rule.get("alert") or rule["record"] for rule in rules} == shown


def test_every_alert_has_a_case_in_which_it_keeps_quiet(folder, alerts):
    quiet = {
        case["alertname"]
        for path in folder.glob("cases/*.yml")
        for test in yaml.safe_load(path.read_text())["tests"]
        for case in test.get("alert_rule_test", ())
        if not case["exp_alerts"]
    }
    assert {alert["alert"] for alert in alerts} == quiet


def test_every_metric_that_a_rule_reads_exists(rules, names_in, exposed):
    known = exposed | {rule["record"] for rule in rules if "record" in rule}
    unknown = {name for rule in rules for name in names_in(rule["expr"])} - known
    assert not unknown


def test_every_label_value_that_a_rule_reads_exists(rules):
    known = {
        "outcome": set(LABELS),
        "operation": set(OPERATIONS),
        "le": {repr(bound) for bound in SECONDS},
        "state": {"live", "dead"},
        "job": {"idnode"},
        "face": {HANDLE_UDP},
    }
    for rule in rules:
        for label, values in re.findall(r'(\w+)[!=]=?~?"([^"]*)"', rule["expr"]):
            assert set(values.split("|")) <= known[label], rule


def test_every_alert_says_how_urgent_it_is_and_what_to_do(alerts, deploy):
    chapters = set(
        re.findall(r"^### (Idnode\w+)$", (deploy / "README.md").read_text(), flags=re.MULTILINE)
    )
    for alert in alerts:
        assert alert["labels"]["severity"] in SEVERITIES
        anchor = f"{RUNBOOK}#{alert['alert'].lower()}"
        assert alert["annotations"]["runbook_url"] == anchor
        assert "for" in alert
    assert {alert["alert"] for alert in alerts} == chapters
