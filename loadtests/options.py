"""Describes what the command line of Locust takes beside its own options, and what it says.

Each option is a variable of the environment, too: ``--load-profile`` is ``LOCUST_LOAD_PROFILE``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from idnode.loadtests.profile import Face, Profile, load_profile, names
from idnode.loadtests.target import Target, credential_of

if TYPE_CHECKING:
    from argparse import Namespace

    from locust.argument_parser import LocustArgumentParser

HTTP_DEFAULT: Final = "http://127.0.0.1:8000"
ALL_FACES: Final = "all"
_VARIABLE: Final = "LOCUST_"
_LOCUST_OWN: Final = frozenset(
    {
        "LOCUST_PLAYWRIGHT",
        "LOCUST_SKIP_MONKEY_PATCH",
        "LOCUST_SKIP_URLLIB3_PATCH",
        "LOCUST_USER_CLASSES",
        "LOCUST_WAIT_FOR_WORKERS_REPORT_AFTER_RAMP_UP",
        "LOCUST_WORKER_ADDITIONAL_WAIT_BEFORE_READY_AFTER_STOP",
    }
)
"""Variables that Locust reads without an option of theirs."""


class _Profiles(list[str]):
    """Profiles to choose from in the web form; the command line takes a file as well."""

    def __contains__(self, found: object) -> bool:
        return super().__contains__(found) or (isinstance(found, str) and found.endswith(".toml"))

    def named(self, text: str) -> str:
        """Return what was said, and offer it in the form."""
        if text.endswith(".toml") and text not in list(self):
            self.append(text)
        return text


class _Faces(list[str]):
    """Faces to choose from, several in the web form, several with commas on the command line."""

    def __contains__(self, found: object) -> bool:
        each = found if isinstance(found, list) else [found]
        return all(super(_Faces, self).__contains__(one) for one in each)


def add_options(parser: "LocustArgumentParser") -> None:
    """Declare the options; workers get their values from the master."""
    profiles = _Profiles(names())
    _add(
        parser,
        "--load-profile",
        "name of a profile, or a .toml file",
        default="smoke",
        type=profiles.named,
        choices=profiles,
        metavar="PROFILE",
        include_in_web_ui=True,
    )
    _add(
        parser,
        "--faces",
        "ask these faces only, with commas between; all: those of the profile",
        default=[ALL_FACES],
        type=lambda text: text.split(","),
        choices=_Faces([ALL_FACES, *Face]),
        metavar="FACES",
        include_in_web_ui=True,
        is_multiple=True,
    )
    for flag, default, meaning in (
        ("--ready-file", "", "ready file of the node to load, instead of addresses"),
        ("--handle-server", "127.0.0.1:2641", "HOST:PORT of the Handle protocol (HTTP: --host)"),
        ("--node-admin", "301:0.NA/88.900", "INDEX:HANDLE that registers"),
        ("--result", "", "write the result to this JSON file"),
        ("--junit", "", "write thresholds and verdict to this JUnit file"),
        ("--markdown", "", "write the result to this Markdown file"),
        ("--freeze", "", "stop the node's process for SECONDS[@AT], to see the alarm"),
    ):
        _add(parser, flag, meaning, default=default)
    # Given to the page it would be in the page's text.
    _add(parser, "--node-secret", "the secret of --node-admin", default="idnode-demo")
    _add(
        parser,
        "--rate",
        "arrivals a second, all the time, in the place of the profile's curve",
        default=None,
        type=float,
    )
    _add(
        parser,
        "--load-metrics-port",
        "serve Prometheus metrics of the load test on this port of the loopback; 0: do not",
        default=0,
        type=int,
    )


def _add(parser: "LocustArgumentParser", flag: str, meaning: str, **how: Any) -> None:
    variable = _VARIABLE + flag.removeprefix("--").replace("-", "_").upper()
    how = {"include_in_web_ui": False, **how}
    parser.add_argument(flag, help=meaning, env_var=variable, **how)


def unknown_variables(environ: Iterable[str], parser: "LocustArgumentParser") -> list[str]:
    """Return, line by line, which variables look like options of Locust and are none."""
    known = _LOCUST_OWN | {
        variable
        for action in parser._actions  # noqa: SLF001  # argparse has no other list of its options
        if (variable := getattr(action, "env_var", None))
    }
    found = sorted(name for name in environ if name.startswith(_VARIABLE) and name not in known)
    return [_unknown(name, known) for name in found]


def _unknown(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known, 1)
    return f"{name}: no option has this variable" + (f", {close[0]} has" if close else "")


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
    junit: Path | None
    markdown: Path | None
    freeze: Freeze | None
    metrics_port: int
    faces: tuple[Face, ...]

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
            Target.of_ready_file(Path(found.ready_file), credential, profile.node)
            if found.ready_file
            else Target.at(found.handle_server, host or HTTP_DEFAULT, credential)
        )
        chosen = () if ALL_FACES in found.faces else tuple(map(Face, found.faces))
        return cls(
            profile=profile,
            target=target,
            result=_file(found.result),
            junit=_file(found.junit),
            markdown=_file(found.markdown),
            freeze=Freeze.of(found.freeze, profile),
            metrics_port=found.load_metrics_port,
            faces=chosen,
        )


def _file(text: str) -> Path | None:
    return Path(text) if text else None


@dataclass(frozen=True, slots=True)
class Common:
    """Locust's own ``-u``, ``-r`` and ``-t``, and ``--rate``, which change what the profile says."""

    users: int | None
    spawn_rate: float | None
    seconds: float | None
    rate: float | None = None

    @classmethod
    def taken_from(cls, found: "Namespace") -> Self:
        """Return what was said; Locust itself is left without a time at which it stops, since the shape does."""
        common = cls(found.num_users, found.spawn_rate, found.run_time, found.rate)
        found.run_time = None
        return common


def changes(common: Common, faces: Iterable[Face], others: int) -> dict[str, Any]:
    """Return how the profile is changed, as data that a master can send to its workers."""
    users = None if common.users is None else common.users - others
    return {
        "faces": [str(face) for face in faces],
        "users": users,
        "seconds": common.seconds,
        "level": common.rate,
        "climbs": common.spawn_rate is not None,
    }


def changed(profile: Profile, data: Mapping[str, Any]) -> Profile:
    """Return a profile changed as `changes` says.

    Raises:
        ProfileInvalid: It does not fit together any longer.

    """
    return profile.changed(
        faces=[Face(face) for face in data["faces"]],
        users=data["users"],
        seconds=data["seconds"],
        level=data["level"],
    )
