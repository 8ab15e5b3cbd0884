"""Draws the README's picture from a real run: ``python -m deploy.picture``.

A node serves the data set on free ports; each command is run as shown, and what it prints is what is drawn.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

PICTURE: Final = Path(__file__).parent / "sixty-seconds.svg"

COMMANDS: Final = (
    "idnode resolve 88.900.1/hello",
    "idnode register 88.900.1/gearbox-8 URL=https://example.org/gearbox/8 DESC=变速箱",
    "idnode resolve 88.900.1/gearbox-8 --transport tcp",
    "idnode dataset sample 3",
    "idnode list 88.908.1 --limit 3",
    "curl -sS http://127.0.0.1:$IDNODE_HTTP_PORT/api/handles/88.900.1/gearbox-8?index=1",
)

_COLUMNS: Final = 100


def draw(folder: Path, bin_: Path) -> str:
    """Return the picture of a session with a node whose data lies in ``folder``."""
    ready = folder / "ready.json"
    environment = {
        "PATH": f"{bin_}{os.pathsep}{os.defpath}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "COLUMNS": str(_COLUMNS),
        "IDNODE_DATA_DIR": str(folder / "data"),
        "IDNODE_DATASET": "suzhou",
        "IDNODE_SEED": "1",
        "IDNODE_ADMIN_PORT": "0",
        "IDNODE_READY_FILE": str(ready),
    }
    console = Console(record=True, width=_COLUMNS, file=(folder / "screen").open("w"))
    free = ("--handle-port=0", "--http-port=0")
    with subprocess.Popen(
        [bin_ / "idnode", "serve", *free], env=environment, cwd=folder, stdout=subprocess.DEVNULL
    ) as node:
        try:
            _run("idnode wait", environment, folder)
            bound = json.loads(ready.read_bytes())
            environment["IDNODE_HANDLE_PORT"] = str(bound["handle_tcp"][1])
            environment["IDNODE_HTTP_PORT"] = bound["http"].rpartition(":")[2]
            for command in COMMANDS:
                console.print(
                    Text.assemble(
                        ("$ ", "green"), (command.replace("$IDNODE_HTTP_PORT", "8000"), "bold")
                    )
                )
                console.print(Text(_run(command, environment, folder)), highlight=False)
        finally:
            node.terminate()
    svg = console.export_svg(title="make run")
    # The fonts that it would fetch are not ours to fetch; any monospaced one does.
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)


def _run(command: str, environment: dict[str, str], folder: Path) -> str:
    return subprocess.run(
        ["/bin/sh", "-c", command],
        env=environment,
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.rstrip()


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        PICTURE.write_text(draw(Path(folder), Path(sys.executable).parent), encoding="utf-8")


if __name__ == "__main__":
    main()
