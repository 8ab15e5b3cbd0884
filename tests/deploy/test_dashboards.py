"""The dashboards keep these promises.

- The files that Grafana reads are what the code makes; their data source is the one that is provisioned.
- Every panel says what it shows, has a unit and a place of its own, and something to say when there is nothing.
- Every metric that a query reads exists; a query reads the nodes that were chosen and no others.
"""

import json
import re
from itertools import combinations

import pytest
import yaml
from deploy.dashboards.panels import SOURCE_UID, WIDTH
from deploy.dashboards.rendering import DASHBOARDS, FOLDER, rendered


@pytest.fixture(scope="module", params=sorted(DASHBOARDS))
def dashboard(request):
    return json.loads((FOLDER / request.param).read_text())


@pytest.fixture(scope="module")
def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def test_the_files_are_what_the_code_makes():
    files = {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert files == rendered(), "run `make dashboards`"


def test_dashboards_have_names_of_their_own():
    uids = [json.loads(text)["uid"] for text in rendered().values()]
    assert len(set(uids)) == len(uids)


def test_every_panel_explains_itself(panels):
    for panel in panels:
        assert panel["description"].endswith(".")
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"]
        assert defaults["noValue"]
        assert panel["targets"]
        assert all(target["legendFormat"] for target in panel["targets"])


def test_every_panel_has_a_place_of_its_own(dashboard):
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above
    assert all(place["x"] + place["w"] <= WIDTH for place in places)
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)


def test_titles_are_unique_within_a_dashboard(panels):
    titles = [panel["title"] for panel in panels]
    assert len(set(titles)) == len(titles)


LOAD = {
    "idnode_load_requests_total",
    "idnode_load_seconds",
    "idnode_load_users",
}
"""Metrics of the load tool, whose nodes are those that it loads."""


def test_every_query_reads_metrics_that_exist(panels, names_in, exposed, rules):
    known = exposed | LOAD | {rule["record"] for rule in rules if "record" in rule}
    for panel in panels:
        for target in panel["targets"]:
            assert names_in(target["expr"]) <= known, panel["title"]


def test_every_selector_keeps_to_the_chosen_nodes(panels):
    for panel in panels:
        for target in panel["targets"]:
            selectors = re.findall(r"\{([^}]*)\}", target["expr"])
            chosen = [each for each in selectors if 'instance=~"$instance"' in each]
            assert chosen == [each for each in selectors if "alertname" not in each]
            assert "$NODES" not in target["expr"]


def test_the_data_source_is_the_one_that_is_provisioned(dashboard, deploy):
    provisioned = yaml.safe_load(
        (deploy / "grafana/provisioning/datasources/prometheus.yml").read_text()
    )
    (source,) = provisioned["datasources"]
    assert source["uid"] == SOURCE_UID
    used = set(re.findall(r'"uid": "([^"]+)"', json.dumps(dashboard)))
    assert used == {SOURCE_UID, dashboard["uid"]}
