"""The examples keep these promises.

- The walk through SNMS with curl works against a node as it starts, and prints what was answered.
- The workflow keeps to the schema of GitHub's workflows, and its commands are ones that there are.
- The container's classes set what a published port takes; where a container daemon and the image are, they work.
- The image binds to loopback by itself, so that it needs no secret.
"""

import ast
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location

import pytest
import yaml


@pytest.fixture(scope="module")
def examples(deploy):
    return deploy / "examples"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the walk uses curl")
def test_the_walk_through_snms(examples, served):
    node = served()
    for _ in range(2):  # it does not stand in its own way
        done = subprocess.run(
            ["sh", examples / "snms.sh", node.ready["http"]],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        assert '"msg":"标识已存在"' in done.stdout
        assert "IS80-65" in done.stdout


def test_the_workflow_keeps_to_its_schema(tool, examples):
    checker = tool("check-jsonschema", "PyPI: check-jsonschema")
    file = examples / "github-actions.yaml"
    done = subprocess.run(
        [checker, "--builtin-schema", "vendor.github-workflows", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_flags_of_the_workflow_are_those_of_the_command(examples):
    jobs = yaml.safe_load((examples / "github-actions.yaml").read_text())["jobs"]
    (start,) = (step["run"] for step in jobs["any-language"]["steps"] if "serve" in str(step))
    found = subprocess.run(
        [sys.executable, "-m", "idnode.node", "serve", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "200"},
    ).stdout
    flags = set(re.findall(r"--[a-z-]+", start))
    assert len(flags) == 7
    assert flags <= set(re.findall(r"--[a-z-]+", found))


def test_the_image_binds_to_loopback_by_itself(deploy):
    assert "IDNODE_HOST=" not in re.sub(
        r"^#.*\n", "", (deploy / "Dockerfile").read_text(), flags=re.MULTILINE
    )
    compose = yaml.safe_load((deploy / "compose.yaml").read_text())
    assert compose["services"]["node"]["environment"]["IDNODE_HOST"] == "0.0.0.0"


def test_both_containers_set_what_a_published_port_takes(examples):
    folder = examples / "testcontainers"
    python = (folder / "idnode_container.py").read_text()
    ast.parse(python)
    java = (folder / "IdnodeTest.java").read_text()
    for text in (python, java):
        set_there = set(re.findall(r'"(IDNODE_[A-Z_]+)"', text))
        assert {"IDNODE_HOST", "IDNODE_SECRET", "IDNODE_PLAIN_CREDENTIALS"} <= set_there


def _image_is_there():
    if shutil.which("docker") is None or find_spec("testcontainers") is None:
        return False
    done = subprocess.run(
        ["docker", "image", "inspect", "idnode"], capture_output=True, check=False
    )
    return done.returncode == 0


@pytest.mark.skipif(not _image_is_there(), reason="no container daemon with the image `idnode`")
def test_a_container_of_a_tests_own(examples):
    import urllib.request

    spec = spec_from_file_location(
        "idnode_container", examples / "testcontainers/idnode_container.py"
    )
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    with (
        module.IdnodeContainer() as node,
        urllib.request.urlopen(f"{node.http}/api/handles/88.900.1/hello") as response,
    ):
        assert response.status == 200
