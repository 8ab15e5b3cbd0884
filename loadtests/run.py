"""``python -m idnode.loadtests.run [PROFILE]``: start a node, load it, write the report, say whether it passed.

``knee`` is a profile that is run at one rate after the other.

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

from idnode.loadtests.curves import peak_of
from idnode.loadtests.faults import FaultUnknown, switched_on
from idnode.loadtests.knee import Probe, search
from idnode.loadtests.profile import Profile, ProfileInvalid, load_profile, names
from idnode.loadtests.result_left import leave_result
from idnode.loadtests.serving import NodeDidNotStart, served_node, served_tree
from idnode.loadtests.sizing import as_text
from idnode.loadtests.target import Target, credential_of
from idnode.loadtests.verdict import ExitCode
from idnode.loadtests.vitals import processor_seconds_of

LOCUSTFILE: Final = Path(__file__).with_name("locustfile.py")
OUT: Final = Path("loadtests") / "out"
_REASON: Final = "load test: "
_ARRIVALS_OF_A_USER: Final = 10
_USERS_MAX: Final = 500
"""How many arrivals a second a user is taken for in the search of a knee, and how many users at most."""
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
    try:
        with _node(profile, asked.ready_file, out) as ready, _faults(asked.fault, ready):
            if asked.knee or asked.profile == "knee":
                return _knee(profile, asked, ready, out, for_locust)
            code = _load(profile, _command(asked, ready, out, for_locust), out)
            if refused := leave_result(ready, out / "result.json"):
                sys.stderr.write(f"{_REASON}{refused}\n")
    except NodeDidNotStart as error:
        return _unusable(f"the node did not start:\n{error}")
    except FaultUnknown as error:
        return _unusable(str(error))
    if (out / "report.html").exists():
        sys.stdout.write(f"report: {out / 'report.html'}, {out / 'result.json'}\n")
    return code


def _node(profile: Profile, ready_file: Path | None, out: Path) -> AbstractContextManager[Path]:
    """Return what gives the ready file of the node to load: somebody else's, or one of our own."""
    if ready_file is not None:
        return nullcontext(ready_file)
    if profile.node:
        return served_tree(out)
    flags = ["--dataset", f"suzhou,seed={profile.keys.dataset_seed}"]
    return served_node(out, flags if profile.keys.space == "suzhou" else [])


def _knee(
    profile: Profile, asked: argparse.Namespace, ready: Path, out: Path, for_locust: Sequence[str]
) -> int:
    """Search the knee, and print it with what it means for a year's volume."""
    if not profile.is_open:
        return _unusable(f"{profile.name}: a knee is a rate, so its load has to be open")
    target = Target.of_ready_file(ready, credential_of("0:0", ""), profile.node)

    def probe(rate: float) -> Probe:
        folder = out / f"{rate:g}"
        folder.mkdir(exist_ok=True)
        users = max(profile.load.users, min(round(rate / _ARRIVALS_OF_A_USER), _USERS_MAX))
        further = ["--rate", str(rate), "-u", str(users), *for_locust]
        before = processor_seconds_of(target.pid)
        _load(profile, _command(asked, ready, folder, further), folder, quiet=True)
        after = processor_seconds_of(target.pid)
        result = folder / "result.json"
        if not result.exists():
            raise NodeDidNotStart(f"no result at {rate:g} a second: see {folder / 'locust.log'}")
        found = json.loads(result.read_bytes())
        cores = None if after is None or before is None else (after - before) / found["seconds"]
        sys.stdout.write(f"{rate:,g} a second: {found['verdict']}\n")
        sys.stdout.flush()
        return Probe(rate, found, cores)

    knee = search(probe, start=peak_of(profile.shape))
    text = as_text(knee)
    (out / "knee.md").write_text(text, encoding="utf-8")
    sys.stdout.write(f"{text}\nreport: {out / 'knee.md'}\n")
    if knee.kept is None:
        return ExitCode.FAILED if knee.is_of_the_node else ExitCode.LOCUST_WAS_THE_LIMIT
    return ExitCode.PASSED if knee.is_of_the_node else ExitCode.INCOMPLETE


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
    parser.add_argument(
        "--knee", action="store_true", help="search the highest rate within the thresholds"
    )
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


def _load(profile: Profile, command: Sequence[str], out: Path, *, quiet: bool = False) -> int:
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
    if not quiet:
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
