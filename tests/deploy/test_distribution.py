"""What `make dist` builds can be installed anywhere, beside anything.

- Source distribution and wheel hold real files: no links, the typing mark, profiles, pages, and (the former) the
  native sources.
- The wheel brings one top-level name, `idnode`. In an empty environment beside somebody's package `clients` it serves
  and asks; `node`, `registry` and `loadtests` are nobody's there.
"""

import fcntl
import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not os.environ.get("REQUIRE_TOOLS"), reason="slow: set REQUIRE_TOOLS=1"),
]

DATA = {
    "idnode/py.typed",
    "idnode/loadtests/profiles/smoke.toml",
    "idnode/node/faces/console/templates/layout.html",
    "idnode/node/locales/zh/LC_MESSAGES/idnode.mo",
    "idnode/node/openapi/page.js",
    "idnode/registry/directory/schema.sql",
    "idnode/registry/embedded/native/core.pyi",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build both distributions, and return their paths."""
    folder = tmp_path_factory.mktemp("dist")
    # One worker at a time: a build writes into the tree, too.
    with (tmp_path_factory.getbasetemp().parent / "build.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        subprocess.run([sys.executable, "-m", "build", "--outdir", folder, "."], check=True)
    return next(folder.glob("*.tar.gz")), next(folder.glob("*.whl"))


def test_the_source_distribution_holds_real_files_and_the_native_sources(built):
    with tarfile.open(built[0]) as archive:
        members = archive.getmembers()
    assert all(member.isfile() or member.isdir() for member in members)
    names = {member.name.partition("/src/")[2] for member in members if member.isfile()}
    native = "idnode/registry/embedded/native"
    assert {*DATA, f"{native}/core.pyx", f"{native}/core.pxd", f"{native}/slots.h"} <= names
    assert not [name for name in names if name.endswith(".c")]


def test_the_wheel_brings_one_name_and_its_data(built):
    with zipfile.ZipFile(built[1]) as archive:
        names = set(archive.namelist())
    assert names >= DATA
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"idnode"}


def test_the_wheel_serves_and_asks_beside_another_package_of_the_name_clients(built, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    bin_ = tmp_path / "venv/bin"
    subprocess.run([bin_ / "pip", "install", "--quiet", built[1]], check=True)
    project = tmp_path / "project"
    (project / "clients").mkdir(parents=True)
    (project / "clients/__init__.py").write_text("raise ImportError('the project at hand')\n")
    environment = {**os.environ, "PYTHONPATH": str(project)}
    ready = tmp_path / "ready.json"
    ports = [f"--{name}-port=0" for name in ("handle", "http", "admin")]
    node = subprocess.Popen(
        [bin_ / "idnode", "serve", *ports, "--ready-file", ready, "--data-dir", tmp_path / "data"],
        cwd=project,
        env=environment,
    )
    try:
        wait = [bin_ / "idnode", "wait", "--ready-file", ready, "--timeout", "60"]
        subprocess.run(wait, cwd=project, env=environment, check=True)
        host, port = json.loads(ready.read_text())["handle_udp"]
        ask = [bin_ / "idnode", "resolve", "88.900.1/hello", "--server", f"{host}:{port}"]
        asked = subprocess.run(ask, cwd=project, env=environment, capture_output=True, check=True)
        assert b"URL" in asked.stdout
    finally:
        node.terminate()
        assert node.wait(60) == 0
    for name in ("node", "registry", "loadtests"):
        run = subprocess.run(
            [bin_ / "python", "-c", f"import {name}"],
            cwd=project,
            env=environment,
            capture_output=True,
            check=False,
        )
        assert b"ModuleNotFoundError" in run.stderr
