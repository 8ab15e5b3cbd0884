"""Describes what the command line of Locust takes beside its own options, and what it says."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from idnode.loadtests.profile import Profile, load_profile
from idnode.loadtests.target import Target, credential_of

if TYPE_CHECKING:
    from argparse import Namespace

    from locust.argument_parser import LocustArgumentParser

HTTP_DEFAULT: Final = "http://127.0.0.1:8000"


def add_options(parser: "LocustArgumentParser") -> None:
    """Declare the options; workers get their values from the master."""
    for flag, default, meaning in (
        ("--load-profile", "smoke", "name of a profile, or a .toml file"),
        ("--ready-file", "", "ready file of the node to load, instead of addresses"),
        ("--handle-server", "127.0.0.1:2641", "HOST:PORT of the Handle protocol (HTTP: --host)"),
        ("--node-admin", "301:0.NA/88.900", "INDEX:HANDLE that registers"),
        ("--result", "", "write the result to this JSON file"),
        ("--freeze", "", "stop the node's process for SECONDS[@AT], to see the alarm"),
    ):
        parser.add_argument(flag, default=default, help=meaning, include_in_web_ui=False)
    parser.add_argument(
        "--node-secret", default="idnode-demo", help="the secret of --node-admin", is_secret=True
    )
    parser.add_argument(
        "--load-metrics-port",
        type=int,
        default=0,
        help="serve Prometheus metrics of the load test on this port of the loopback; 0: do not",
        include_in_web_ui=False,
    )


@dataclass(frozen=True, slots=True)
class Freeze:
    """A node that stands still for ``seconds``, ``at`` so many seconds after the start."""

    seconds: float
    at: float

    @classmethod
    def of(cls, text: str, profile: Profile) -> "Self | None":
        """Return what ``SECONDS[@AT]`` says; without a time it begins at two fifths of the test.

        Raises:
            ValueError: The text says something else.

        """
        if not text:
            return None
        seconds, _, at = text.partition("@")
        found = cls(float(seconds), float(at) if at else profile.shape.duration * 0.4)
        if not 0 < found.seconds <= profile.shape.duration - found.at or found.at < 0:
            raise ValueError(f"a freeze of {text!r} is not within the profile's duration")
        return found


@dataclass(frozen=True, slots=True)
class Options:
    """The options, read."""

    profile: Profile
    target: Target
    result: Path | None
    freeze: Freeze | None
    metrics_port: int

    @classmethod
    def of(cls, found: "Namespace", host: str | None) -> Self:
        """Return what Locust's command line says.

        Raises:
            ProfileInvalid: The profile cannot be used.
            TargetUnknown: An address, an administrator or a ready file cannot be read.
            ValueError: Another option cannot.

        """
        profile = load_profile(found.load_profile)
        credential = credential_of(found.node_admin, found.node_secret)
        target = (
            Target.of_ready_file(Path(found.ready_file), credential)
            if found.ready_file
            else Target.at(found.handle_server, host or HTTP_DEFAULT, credential)
        )
        result = Path(found.result) if found.result else None
        freeze = Freeze.of(found.freeze, profile)
        return cls(profile, target, result, freeze, found.load_metrics_port)
