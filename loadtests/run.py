"""``python -m idnode.loadtests.run [PROFILE]``: start a node, load it, write the report, say whether it passed.

Options that it does not know go to Locust as they are.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from idnode.loadtests.faults import FaultUnknown, switched_on
from idnode.loadtests.profile import Profile, ProfileInvalid, load_profile, names
from idnode.loadtests.serving import NodeDidNotStart, served_node
from idnode.loadtests.verdict import ExitCode

LOCUSTFILE: Final = Path(__file__).with_name("locustfile.py")
OUT: Final = Path("loadtests") / "out"
_REASON: Final = "load test: "
_START_SECONDS: Final = 5.0
"""What a run takes beside its profile's duration, about; for the progress bar."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a load test and return its exit code (`ExitCode`)."""
    asked, for_locust = _parser().parse_known_args(arguments)
    try:
        profile = load_profile(asked.profile)
    except ProfileInvalid as error:
        return _unusable(str(error))
    if find_spec("locust") is None:
        return _unusable("Locust is not installed: pip install 'idnode[load]'")
    out = asked.out / profile.name
    out.mkdir(parents=True, exist_ok=True)
    flags = ["--dataset", f"suzhou,seed={profile.keys.dataset_seed}"]
    node = (
        nullcontext(asked.ready_file)
        if asked.ready_file
        else served_node(out, flags if profile.keys.space == "suzhou" else [])
    )
    try:
        with node as ready, _faults(asked.fault, ready):
            code = _load(profile, _command(asked, ready, out, for_locust), out)
    except NodeDidNotStart as error:
        return _unusable(f"the node did not start:\n{error}")
    except FaultUnknown as error:
        return _unusable(str(error))
    if (out / "report.html").exists():
        sys.stdout.write(f"report: {out / 'report.html'}, {out / 'result.json'}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m idnode.loadtests.run", description=__doc__, allow_abbrev=False
    )
    parser.add_argument(
        "profile", nargs="?", default="smoke", help=f"{', '.join(names())}, or a .toml file"
    )
    parser.add_argument(
        "--ready-file", type=Path, help="load the node that wrote this, instead of one of our own"
    )
    parser.add_argument("--processes", type=int, help="spread users over so many processes")
    parser.add_argument("--freeze", default="", help="stop the node for SECONDS[@AT]")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME", help="have this trap on meanwhile"
    )
    parser.add_argument("--out", type=Path, default=OUT, help="where reports go")
    return parser


def _faults(names: Sequence[str], ready: Path) -> AbstractContextManager[None]:
    if not names:
        return nullcontext()
    return switched_on(str(json.loads(ready.read_bytes())["admin"]), names)


def _command(
    asked: argparse.Namespace, ready: Path, out: Path, for_locust: Sequence[str]
) -> list[str]:
    found = [sys.executable, "-m", "locust", "--headless", "--only-summary", "-f", str(LOCUSTFILE)]
    found += ["--load-profile", asked.profile, "--ready-file", str(ready)]
    found += ["--html", str(out / "report.html"), "--result", str(out / "result.json")]
    if asked.processes:
        found += ["--processes", str(asked.processes)]
    if asked.freeze:
        found += ["--freeze", asked.freeze]
    return [*found, *for_locust]


def _load(profile: Profile, command: Sequence[str], out: Path) -> int:
    for name in ("report.html", "result.json"):
        (out / name).unlink(missing_ok=True)
    with (out / "locust.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        _show_progress(profile, process)
        text, _ = process.communicate()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    sys.stdout.write(text)
    sys.stdout.flush()
    if not (out / "result.json").exists():
        return _unusable(_reason((out / "locust.log").read_text("utf-8", errors="replace")))
    return process.returncode


def _reason(log: str) -> str:
    """Return the line in which a load test said why it cannot be, or all that Locust said."""
    said = [line for line in log.splitlines() if line.startswith(_REASON)]
    return said[-1].removeprefix(_REASON) if said else log


def _show_progress(profile: Profile, process: subprocess.Popen[str]) -> None:
    """Show a bar until the process ends; only on a terminal, and a guess of how long it takes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return
    bar = Progress(
        TextColumn(f"load test {profile.name}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=profile.shape.duration + _START_SECONDS)
        while process.poll() is None:
            try:
                process.wait(0.2)
            except subprocess.TimeoutExpired:
                bar.advance(task, 0.2)


def _unusable(message: str) -> int:
    sys.stderr.write(f"{_REASON}{message}\n")
    return ExitCode.UNUSABLE


if __name__ == "__main__":
    sys.exit(main())
