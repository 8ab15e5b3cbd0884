"""The Kubernetes manifests keep these promises.

- Each keeps to the schema of its kind, nothing unknown in it.
- Services, monitor and disruption budget select what they are meant to; ports and probes are those of the node.
- Management is reached with the token, and past the policy by nobody but Prometheus and the snapshots.
- Rules and dashboards are those of Prometheus and Grafana; `instance` stays; images have registry and version.
- The pod is confined, alone on its data, and its environment has only settings that exist.
"""

import re
import subprocess
import tomllib

import pytest
import yaml
from deploy.dashboards.manifests import manifests as made

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
        [
            validate,
            "--strict",
            *(deploy / f"kubernetes/{name}.yaml" for name in ("node", "snapshot", "dashboards")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert said.count(" passed ") == 8


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


def _environment(container):
    return {each["name"]: each for each in container["env"]}


def test_management_is_reached_with_the_token_only(manifests, container):
    token = {"secretKeyRef": {"name": "idnode", "key": "admin-token"}}
    assert _environment(container)["IDNODE_ADMIN_TOKEN"]["valueFrom"] == token
    (endpoint,) = manifests["ServiceMonitor", "idnode"]["spec"]["endpoints"]
    assert endpoint["authorization"] == {"credentials": token["secretKeyRef"]}
    policy = manifests["NetworkPolicy", "idnode"]["spec"]
    assert policy["policyTypes"] == ["Ingress"]
    everybody, managers = policy["ingress"]
    assert "from" not in everybody
    assert {port["port"] for port in everybody["ports"]} == {"handle-tcp", "handle-udp", "http"}
    assert [port["port"] for port in managers["ports"]] == ["management"]
    job = manifests["CronJob", "idnode-snapshot"]["spec"]["jobTemplate"]["spec"]["template"]
    (_, snapshots) = managers["from"]
    assert _selects(snapshots["podSelector"]["matchLabels"], job["metadata"]["labels"])


def test_snapshots_are_taken_of_the_node_and_removed_beside_its_data(manifests, container):
    spec = manifests["CronJob", "idnode-snapshot"]["spec"]["jobTemplate"]["spec"]["template"][
        "spec"
    ]
    (snapshot,) = spec["containers"]
    (script,) = snapshot["args"]
    assert "http://idnode-management:8641" in script
    (claim,) = manifests["StatefulSet", "idnode"]["spec"]["volumeClaimTemplates"]
    (volume,) = spec["volumes"]
    named = f"{claim['metadata']['name']}-idnode-0"
    assert volume["persistentVolumeClaim"]["claimName"] == named
    assert snapshot["volumeMounts"] == [
        mount for mount in container["volumeMounts"] if mount["name"] == "data"
    ]
    assert snapshot["securityContext"] == container["securityContext"]


def test_rules_and_dashboards_are_those_of_prometheus_and_grafana(deploy):
    for name, text in made().items():
        assert (deploy / "kubernetes" / name).read_text(encoding="utf-8") == text
    rules = yaml.safe_load((deploy / "kubernetes/rules.yaml").read_text(encoding="utf-8"))
    alerts = [
        rule for group in rules["spec"]["groups"] for rule in group["rules"] if "alert" in rule
    ]
    assert alerts
    assert all(rule["annotations"]["runbook_url"].startswith("https://") for rule in alerts)


def test_prometheus_accepts_the_rules_of_the_manifest(promtool, deploy, tmp_path):
    rules = yaml.safe_load((deploy / "kubernetes/rules.yaml").read_text(encoding="utf-8"))
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules["spec"]))
    promtool("check", "rules", "--lint=all", "--lint-fatal", tmp_path / "rules.yml")


def test_instance_stays_when_the_pod_moves(manifests):
    (endpoint,) = manifests["ServiceMonitor", "idnode"]["spec"]["endpoints"]
    stable = {"sourceLabels": ["__meta_kubernetes_pod_name"], "targetLabel": "instance"}
    assert stable in endpoint["relabelings"]


def test_images_have_registry_and_version_for_both_architectures(deploy):
    version = tomllib.loads((deploy.parent / "pyproject.toml").read_text())["project"]["version"]
    for path in (deploy / "kubernetes").rglob("*.yaml"):
        for image in re.findall(r"image: (\S*idnode\S*)", path.read_text(encoding="utf-8")):
            assert image == f"registry.example.org/idnode:{version}"
    bake = (deploy / "docker-bake.hcl").read_text(encoding="utf-8")
    assert f'default = "{version}"' in bake
    assert '["linux/amd64", "linux/arm64"]' in bake
    compose = (deploy / "compose.yaml").read_text(encoding="utf-8")
    assert compose.count(f"${{IDNODE_VERSION:-{version}}}") == 2
