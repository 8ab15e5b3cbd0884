"""The Kubernetes manifests keep these promises.

- Each keeps to the schema of its kind, nothing unknown in it.
- Services, monitor and disruption budget select what they are meant to; ports and probes are those of the node.
- The pod is confined, alone on its data, and its environment has only settings that exist.
"""

import re
import subprocess

import pytest
import yaml

from idnode.node.settings import Settings, variable_of


@pytest.fixture(scope="module")
def manifests(deploy):
    """Every manifest by kind and name."""
    return {
        (manifest["kind"], manifest["metadata"]["name"]): manifest
        for path in sorted((deploy / "kubernetes").glob("*.yaml"))
        for manifest in yaml.safe_load_all(path.read_text())
    }


@pytest.fixture(scope="module")
def pod(manifests):
    return manifests["StatefulSet", "idnode"]["spec"]["template"]


@pytest.fixture(scope="module")
def container(pod):
    (only,) = pod["spec"]["containers"]
    return only


def _selects(selector, labels):
    return selector.items() <= labels.items()


def test_every_manifest_keeps_to_its_schema(tool, deploy):
    validate = tool("kubernetes-validate", "PyPI: kubernetes-validate")
    done = subprocess.run(
        [validate, "--strict", deploy / "kubernetes/node.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert said.count(" passed ") == 5


def test_services_and_budget_select_the_pod(manifests, pod):
    labels = pod["metadata"]["labels"]
    assert _selects(manifests["Service", "idnode"]["spec"]["selector"], labels)
    assert _selects(manifests["Service", "idnode-management"]["spec"]["selector"], labels)
    for kind in ("StatefulSet", "PodDisruptionBudget"):
        assert _selects(manifests[kind, "idnode"]["spec"]["selector"]["matchLabels"], labels)


def test_prometheus_finds_the_management_port_and_calls_the_job_as_the_rules_do(manifests):
    monitor = manifests["ServiceMonitor", "idnode"]["spec"]
    selected = [
        name
        for (kind, name), manifest in manifests.items()
        if kind == "Service"
        and _selects(monitor["selector"]["matchLabels"], manifest["metadata"]["labels"])
    ]
    assert selected == ["idnode-management"]
    service = manifests["Service", "idnode-management"]["spec"]
    (endpoint,) = monitor["endpoints"]
    assert endpoint["port"] in {port["name"] for port in service["ports"]}
    assert service["publishNotReadyAddresses"] is True
    assert {"targetLabel": "job", "replacement": "idnode"} in endpoint["relabelings"]


def test_ports_are_those_of_the_node(manifests, container):
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    assert ports == {
        "handle-tcp": defaults["handle_port"],
        "handle-udp": defaults["handle_port"],
        "http": defaults["http_port"],
        "management": defaults["admin_port"],
    }
    for name in ("idnode", "idnode-management"):
        for port in manifests["Service", name]["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]


def test_probes_ask_paths_that_the_node_has(container, deploy):
    source = (deploy.parent / "node/ops/management.py").read_text()
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[probe]["httpGet"]
        assert asked["port"] == "management"
        assert f'web.get("{asked["path"]}"' in source
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_the_pod_is_confined_and_alone_on_its_data(manifests, pod, container):
    spec = pod["spec"]
    assert manifests["StatefulSet", "idnode"]["spec"]["replicas"] == 1
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_pod_runs_as_the_user_of_the_image(pod, deploy):
    users = re.findall(r"^USER (\d+):", (deploy / "Dockerfile").read_text(), flags=re.MULTILINE)
    assert set(users) == {str(pod["spec"]["securityContext"]["runAsUser"])}


def test_the_environment_has_only_settings_that_exist(pod, container):
    """A service named idnode would add variables such as IDNODE_PORT, which the node refuses."""
    assert pod["spec"]["enableServiceLinks"] is False
    named = {variable["name"] for variable in container["env"]}
    assert named <= {variable_of(name) for name in Settings.model_fields}
