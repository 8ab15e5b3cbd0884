"""What is deployed for many nodes on one PostgreSQL keeps these promises.

- Compose file, manifests and the configuration of every program are valid to whoever reads them.
- Three databases, two nodes; a commit waits for a standby, also when there is none.
- Services, autoscaler and disruption budget mean the deployment; its environment has only settings that exist.
- Nodes have no disk of their own, and reach whichever database takes writes.
"""

import subprocess

import pytest
import yaml

from idnode.node.settings import Settings, variable_of
from idnode.registry.postgres.address import Address


@pytest.fixture(scope="module")
def compose(deploy):
    return yaml.safe_load((deploy / "compose.cluster.yaml").read_text())


@pytest.fixture(scope="module")
def manifests(deploy):
    return {
        (manifest["kind"], manifest["metadata"]["name"]): manifest
        for path in sorted((deploy / "kubernetes/cluster").glob("*.yaml"))
        for manifest in yaml.safe_load_all(path.read_text())
    }


def _run(*command):
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_compose_file_keeps_to_its_schema(tool, deploy):
    checker = tool("check-jsonschema", "PyPI: check-jsonschema")
    _run(checker, "--builtin-schema", "vendor.compose-spec", deploy / "compose.cluster.yaml")


def test_the_manifests_of_kubernetes_keep_to_their_schemas(tool, deploy):
    validate = tool("kubernetes-validate", "PyPI: kubernetes-validate")
    said = _run(validate, "--strict", deploy / "kubernetes/cluster/nodes.yaml")
    assert said.count(" passed ") == 6


def test_haproxy_takes_its_configuration(tool, deploy):
    _run(tool("haproxy", "Debian: haproxy"), "-c", "-f", deploy / "cluster/haproxy.cfg")


def test_two_nodes_and_three_databases(compose):
    services = compose["services"]
    databases = {name for name in services if name.startswith("database")}
    assert len(databases) == 3
    for name in databases:
        environment = services[name]["environment"]
        assert environment["PATRONI_NAME"] == name
        assert environment["PATRONI_POSTGRESQL_CONNECT_ADDRESS"] == f"{name}:5432"
    for name in ("node1", "node2"):
        address = Address(services[name]["environment"]["IDNODE_REGISTER"])
        assert {host for host, _port in address.hosts} == databases
        assert address.target == "read-write"
        known = {variable_of(setting) for setting in Settings.model_fields}
        assert set(services[name]["environment"]) <= known


def test_every_service_is_confined_and_reached_from_this_machine_only(compose):
    for service in compose["services"].values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_a_commit_waits_for_a_standby(deploy, manifests):
    patroni = yaml.safe_load((deploy / "cluster/patroni.yml").read_text())
    settings = patroni["bootstrap"]["dcs"]
    assert settings["synchronous_mode"]
    assert settings["synchronous_mode_strict"]
    assert settings["ttl"] >= settings["loop_wait"] + 2 * settings["retry_timeout"]
    cluster = manifests["Cluster", "idnode-database"]["spec"]
    assert cluster["instances"] == 3
    assert cluster["postgresql"]["synchronous"] == {
        "method": "any",
        "number": 1,
        "dataDurability": "required",
    }


def test_services_autoscaler_and_budget_mean_the_deployment(manifests):
    deployment = manifests["Deployment", "idnode"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    assert deployment["selector"]["matchLabels"] == labels
    assert "replicas" not in deployment
    for name in ("idnode", "idnode-management"):
        assert manifests["Service", name]["spec"]["selector"] == labels
    assert manifests["PodDisruptionBudget", "idnode"]["spec"]["selector"]["matchLabels"] == labels
    scaled = manifests["HorizontalPodAutoscaler", "idnode"]["spec"]
    assert scaled["scaleTargetRef"]["name"] == "idnode"
    assert scaled["minReplicas"] >= 2


def test_a_node_keeps_nothing_and_knows_its_settings(manifests):
    pod = manifests["Deployment", "idnode"]["spec"]["template"]["spec"]
    assert all("emptyDir" in volume for volume in pod["volumes"])
    (container,) = pod["containers"]
    known = {variable_of(setting) for setting in Settings.model_fields}
    named = {each["name"]: each for each in container["env"]}
    assert set(named) <= known
    made = manifests["Cluster", "idnode-database"]["metadata"]["name"]
    assert named["IDNODE_REGISTER"]["valueFrom"]["secretKeyRef"]["name"] == f"{made}-app"
