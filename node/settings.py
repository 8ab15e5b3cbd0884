"""The settings table: the only reader of flags, environment and file.

One field is one flag (``--http-port``), one variable (``IDNODE_HTTP_PORT``) and one key of the TOML file
(``http_port``). Flags beat the environment, the environment beats the file, the file beats the defaults.
A key that no field knows is an error, because a typo that is silently ignored costs an afternoon.
"""

import difflib
import os
import tomllib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyAddress,
    SecretStr,
    ValidationError,
    model_validator,
)

from idnode.node.defaults import (
    DEMO_SECRET,
    ENVIRONMENT_PREFIX,
    HANDLE_PORT,
    HOST,
    HTTP_PORT,
    PREFIX,
    SettingsRefused,
)
from idnode.node.setting_types import (
    DatasetName,
    PrefixName,
    RegisterName,
    ReplicasUrl,
    Seconds,
)
from idnode.registry.embedded.limits import SEGMENT_SPAN_BYTES
from idnode.registry.engines import DEFAULT, is_remote

_NOT_SETTINGS: Final = frozenset({"CONFIG", "PURE"})
"""Variables with the prefix that name no field: the settings file and the choice of build."""


_SECRETS: Final = frozenset({"admin_token", "secret", "register", "register_read", "directory_url"})
"""Settings whose values are not repeated when they are refused."""

# The name of one field is that of a method, too, by which abstract classes take others in; nobody calls it here.
warnings.filterwarnings("ignore", 'Field name "register" in "Settings" shadows', UserWarning)


class Settings(BaseModel):
    """Everything that can be set, with its default, bounds and one line of doc."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    data_dir: Path = Field(Path("data"), description="directory that holds all state of the node")
    host: str = Field(HOST, description="address that ports for clients bind to", min_length=1)
    handle_port: int = Field(
        HANDLE_PORT, ge=0, le=65535, description="Handle protocol, TCP and UDP (0: any free port)"
    )
    http_port: int = Field(HTTP_PORT, ge=0, le=65535, description="HTTP API (0: any free port)")
    admin_port: int = Field(
        8641, ge=0, le=65535, description="management: metrics, health, stats (0: any free port)"
    )
    admin_host: str = Field(HOST, description="address that management binds to", min_length=1)
    admin_token: SecretStr | None = Field(None, min_length=8, description="token of management")
    admin_token_file: Path | None = Field(None, description="file that holds admin_token")
    site_address: IPvAnyAddress | None = Field(
        None, description="address that clients are told in HS_SITE (default: the bound one)"
    )

    site_http: bool = Field(False, description="name the HTTP port in HS_SITE, too")

    prefix: PrefixName = Field(PREFIX, description="prefix of this secondary node")
    name: str = Field("", max_length=64, description="name of this node, told in HS_SITE")
    role: Literal["national", "secondary", "enterprise", "recursive"] = Field(
        "secondary", description="what a node with a name is in the tree, told in HS_SITE"
    )
    national_url: str | None = Field(None, description="national node's URL, to file enterprises")
    demo_enterprise: bool = Field(True, description="make an enterprise to try at first start")
    secret: SecretStr = Field(
        SecretStr(DEMO_SECRET), min_length=1, description="secret of the node's administrator"
    )
    plain_credentials: bool = Field(
        False, description="accept secrets over HTTP without TLS also off loopback"
    )
    tls_certificate: Path | None = Field(
        None, description="PEM file with the certificate chain for HTTPS (default: the node's own)"
    )
    tls_key: Path | None = Field(None, description="PEM file: private key of tls_certificate")

    host_names: str = Field("", description="names of a node on loopback besides localhost (a, b)")
    cors_origins: str = Field("", description="origins whose pages may read answers (a, b)")

    directory_url: SecretStr | None = Field(
        None, description="SQLAlchemy URL of the directory (default: SQLite in the data directory)"
    )
    auto_approve: bool = Field(True, description="let enterprises' applications pass unreviewed")
    snms_public_resolve: bool = Field(True, description="SNMS: read identifiers without a token")
    snms_update: Literal["merge", "replace"] = Field(
        "merge", description="SNMS: an update replaces the values it names, or the whole record"
    )
    snms_value_max: int = Field(255, ge=1, le=64_000, description="SNMS: longest value, characters")
    snms_strict_types: bool = Field(
        False, description="SNMS: refuse an attribute type that is not written in lower case"
    )
    snms_digest_days: int = Field(
        1, ge=0, le=1, description="SNMS: days by which the date in a digested password may differ"
    )

    idhub_port: int | None = Field(
        None, ge=0, le=65535, description="IDHub: a second port for the HTTP API, by custom 3000"
    )
    idhub_success: Literal["one", "guide"] = Field(
        "one", description="IDHub: succeed with 1, or with 10000 where the guide's samples do"
    )
    idhub_new_handles: Literal["specified", "public"] = Field(
        "specified", description="IDHub: who reads new identifiers: those granted, or everybody"
    )
    idhub_update: Literal["keep", "clear"] = Field(
        "keep", description="IDHub: an overwriting update keeps, or clears, items it does not name"
    )

    register: RegisterName = Field(
        SecretStr(DEFAULT), description="engine of the register: its name, or its URL"
    )
    near_cache: Seconds = Field(
        0.0,
        ge=0,
        le=60,
        description="seconds (2s) that public resolution may answer what it has read",
    )
    register_read: ReplicasUrl | None = Field(
        None, description="URL of read-only replicas that may answer public resolution"
    )
    register_read_stale_max: float = Field(
        2.0, ge=0.2, le=3600, description="seconds that a replica may be behind and still be asked"
    )
    durability: Literal["commit", "interval", "none"] = Field(
        "commit", description="when a write is acknowledged: synced, written, or written unsynced"
    )
    durability_interval: float = Field(
        0.1, gt=0, le=60, description="seconds between syncs when durability is interval"
    )
    segment_bytes: int = Field(
        SEGMENT_SPAN_BYTES,
        ge=1 << 20,
        le=SEGMENT_SPAN_BYTES,
        description="bytes of one log segment file",
    )

    verify: bool = Field(
        False, description="read and check the whole log at start, even after a clean stop"
    )

    connections_max: int = Field(
        4096, ge=1, description="TCP connections served at once on the Handle port"
    )
    http_connections_max: int = Field(
        4096, ge=1, description="connections served at once on the HTTP port; others are told 503"
    )
    admin_connections_max: int = Field(
        256, ge=8, description="connections served at once on the management port"
    )
    idle_timeout: float = Field(
        180.0, gt=0, description="seconds after which a silent TCP connection is closed"
    )
    drain_timeout: float = Field(
        10.0, ge=0, description="seconds that requests under way get to finish at stop"
    )
    shed_delay: float = Field(
        0.25,
        ge=0,
        description="seconds that requests may wait before some are told busy (0: any time)",
    )
    shed_after: float = Field(
        1.0, gt=0, description="seconds for which all must wait that long until some are told busy"
    )
    workers: int = Field(
        1, ge=1, le=64, description="cores that answer plain resolutions over HTTP and TCP"
    )
    udp_threads: int = Field(
        1, ge=0, le=64, description="native threads answering over UDP (0: the event loop answers)"
    )
    udp_answer_max: int = Field(
        4096, ge=512, description="bytes of an answer over UDP; a longer one is cut to one datagram"
    )
    udp_answers_per_second: int = Field(
        1000, ge=0, description="answers over UDP to one network off loopback (0: no limit)"
    )
    handle_net_habits: bool = Field(
        False,
        description="close TCP after each answer, and lose request ids, as Handle.Net does",
    )
    truncated_flag: bool = Field(
        True, description="mark multi-packet UDP answers TRUNCATED, as Handle.Net 9.3 does"
    )

    target_registrations: float = Field(6.5e9, ge=0, description="registrations dashboards aim at")
    target_resolutions: float = Field(5.3e9, ge=0, description="resolutions dashboards aim at")

    recursive_root: str | None = Field(
        None, pattern=r".:\d{1,5}$", description="HOST:PORT of the top"
    )
    recursive_hosts: str = Field("", description="hosts besides the root's that are asked (a, b)")
    recursive_answers: int = Field(100_000, ge=1, description="handles that are remembered")
    recursive_negative_ttl: float = Field(60.0, ge=0, description="seconds for what is not found")
    recursive_stale: float = Field(86_400.0, ge=0, description="seconds past TTL to serve stale")
    recursive_trust: Path | None = Field(None, description="PEM file with the key of 300:0.NA/0.NA")
    referral_status: Literal["307", "302", "300"] = Field(
        "307", description="send browsers on to the node that has a handle, or (300) show where"
    )
    reverse_lookup: bool = Field(
        False, description="find identifiers by their values at /hrls/handles, reading all of them"
    )

    dataset: DatasetName = Field(
        None,
        description="data set under what is written: suzhou, suzhou,seed=N, a part of it, or none",
    )

    journal: Literal["failures", "all", "off"] = Field("failures", description="what to journal")
    journal_entries: int = Field(10_000, ge=1, le=10_000_000, description="entries of the journal")
    journal_bytes: int = Field(64 << 20, ge=1 << 16, description="most memory of the journal")
    faults: Path | None = Field(None, description="TOML file with faults to inject from the start")

    fixtures: str | None = Field(
        None, description="fixture files that the node is given at each start (a.toml, b.json)"
    )
    allow_reset: bool = Field(
        False, description="let the management port reset the node and load states (loopback only)"
    )

    ready_file: Path | None = Field(
        None, description="file that says what was bound, written once the node is ready"
    )
    seed: int | None = Field(
        None, ge=0, lt=1 << 64, description="seed of every random choice (default: drawn, printed)"
    )
    log_format: Literal["console", "json"] = Field("console", description="form of a log line")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least severe level that is logged"
    )

    @model_validator(mode="after")
    def _certificate_has_its_key(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        return self

    @model_validator(mode="after")
    def _reads_elsewhere_need_a_register_elsewhere(self) -> Self:
        if (self.near_cache or self.register_read) and not is_remote(
            self.register.get_secret_value()
        ):
            raise ValueError("near_cache and register_read are for a register on PostgreSQL")
        return self

    @property
    def demo_secret(self) -> bool:
        """Return whether the well-known demo secret is in force."""
        return self.secret.get_secret_value() == DEMO_SECRET


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings in force, and where each of them came from."""

    settings: Settings
    origins: Mapping[str, str]

    def rows(self) -> list[tuple[str, str, str]]:
        """Return name, value as text and origin of each setting, secrets masked."""
        return [
            (name, _shown(getattr(self.settings, name)), self.origins.get(name, "default"))
            for name in Settings.model_fields
        ]


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return DEMO_SECRET if value.get_secret_value() == DEMO_SECRET else "********"
    return "" if value is None else str(value)


def flag_of(name: str) -> str:
    """Return the flag of a setting: ``http_port`` is ``--http-port``."""
    return "--" + name.replace("_", "-")


def variable_of(name: str) -> str:
    """Return the environment variable of a setting: ``http_port`` is ``IDNODE_HTTP_PORT``."""
    return ENVIRONMENT_PREFIX + name.upper()


def load(flags: Mapping[str, Any], config: Path | None = None) -> Loaded:
    """Return the settings in force, from the flags given, the environment and the file.

    The file is ``config`` or else what ``IDNODE_CONFIG`` names.

    Raises:
        SettingsRefused: An unknown key, a value out of its bounds, or a file that cannot be read.

    """
    chosen = config or _config_of_environment()
    layers: list[tuple[Mapping[str, Any], str]] = []
    if chosen is not None:
        layers.append((_from_file(chosen), f"file {chosen}"))
    layers.extend(((_from_environment(), "environment"), (flags, "flag")))
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer, origin in layers:
        for name, value in layer.items():
            merged[name] = value
            origins[name] = _origin(origin, name)
    try:
        return Loaded(Settings(**merged), origins)
    except ValidationError as error:
        raise SettingsRefused(_explained(error, origins)) from error


def _origin(layer: str, name: str) -> str:
    match layer:
        case "flag":
            return f"flag {flag_of(name)}"
        case "environment":
            return f"environment {variable_of(name)}"
    return layer


def _config_of_environment() -> Path | None:
    path = os.environ.get(ENVIRONMENT_PREFIX + "CONFIG")
    return Path(path) if path else None


def _from_environment() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for variable, text in sorted(os.environ.items()):
        if not variable.upper().startswith(ENVIRONMENT_PREFIX):
            continue
        key = variable[len(ENVIRONMENT_PREFIX) :].upper()
        if key.lower() in Settings.model_fields:
            found[key.lower()] = text
        elif key not in _NOT_SETTINGS:
            known = [variable_of(name) for name in Settings.model_fields]
            known.extend(ENVIRONMENT_PREFIX + name for name in _NOT_SETTINGS)
            raise SettingsRefused(
                f"unknown environment variable {variable}{nearest(variable, known)}"
            )
    return found


def _from_file(path: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsRefused(f"{path} is not valid TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"cannot read the settings file {path}: {error}") from error
    for key in found:
        if key not in Settings.model_fields:
            raise SettingsRefused(
                f"unknown key {key!r} in {path}{nearest(key, Settings.model_fields)}"
            )
    return found


def nearest(key: str, known: Any) -> str:
    """Return a hint that names the known key most like this one, or nothing."""
    close = difflib.get_close_matches(key, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def _explained(error: ValidationError, origins: Mapping[str, str]) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_context=False):
        if not problem["loc"]:  # about several settings together; their values may be secret
            lines.append(problem["msg"].removeprefix("Value error, "))
            continue
        name = str(problem["loc"][0])
        given = "" if name in _SECRETS else f" = {problem['input']!r}"
        lines.append(f"{name}{given} ({origins.get(name, 'default')}): {problem['msg']}")
    return "; ".join(lines)
