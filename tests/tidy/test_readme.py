"""Every command that the READMEs mark as runnable runs as printed, against a node that was just started."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BLOCK = re.compile(r"^```sh run\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.skipif(
    shutil.which("curl") is None, reason="the README's commands use curl"
)


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_commands_of_the_readme_run_as_printed(name, root, served, tmp_path):
    node = served("--dataset", "suzhou")
    script = "\n".join(BLOCK.findall((root / name).read_text(encoding="utf-8")))
    assert script
    script = script.replace("http://127.0.0.1:8000", node.ready["http"])
    environment = {
        **os.environ,
        **node.environment,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "idnode:" not in run.stderr  # what a command says when it fails
    assert "Traceback" not in run.stderr
    assert "https://example.org/gearbox/7" in run.stdout
