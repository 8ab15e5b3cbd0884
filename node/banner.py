"""Writes what a started node tells whoever started it: addresses, credentials, and three lines to copy."""

import shutil
import sys
from pathlib import Path
from typing import Final
from urllib.parse import quote

from idnode.node.addresses import WILDCARDS, Addresses, url_of
from idnode.node.build import core, version
from idnode.node.data_directory import KEYS
from idnode.node.defaults import DEMO_SECRET
from idnode.node.first_start.certificate import own_certificate
from idnode.node.settings import Settings

_YOURS: Final = "'\"$IDNODE_SECRET\"'"
"""A secret that is not printed, to be filled in by the shell inside a quoted argument."""


def banner(
    settings: Settings,
    addresses: Addresses,
    *,
    seed: int,
    demo_secret_works: bool,
    sample: str | None = None,
) -> str:
    """Return the text; a secret that is not the demo's is not in it. ``sample`` is one of the data set's."""
    prefix = settings.prefix
    secret = f"secret {DEMO_SECRET}" if demo_secret_works else "with the secret you set"
    host, port = addresses.handle_tcp
    return f"""\
idnode {version()} is ready: {core()} core, durability {settings.durability}, \
data in {settings.data_dir}, seed {seed}

  Handle protocol  {host}:{port} (TCP and UDP)
  HTTP API         {url_of(addresses.http)} and {url_of(addresses.http, "https")}
{_idhub(addresses)}  Documentation    {url_of(addresses.http)}/docs  (first steps, every call with examples; 中文, English)
  Certificate      {settings.tls_certificate or own_certificate(settings.data_dir / KEYS)}
  Management       {url_of(addresses.admin)}  (a console in the browser; /metrics /livez /readyz)

  Node             {prefix}, administrator 301:0.NA/{prefix}, {secret}
  Enterprise       {prefix}.1 (示例企业), administrator 301:0.NA/{prefix}.1, same secret
  SNMS accounts    admin (administrator), demo (hosted user of {prefix}.1), same secret as password
{_dataset(settings)}
{"Three" if sample is None else "Four"} lines to copy:

{_resolution(sample, addresses)}{_three_lines(prefix, addresses, DEMO_SECRET if demo_secret_works else _YOURS)}
"""


def _idhub(addresses: Addresses) -> str:
    return "" if addresses.idhub is None else f"  IDHub API        {url_of(addresses.idhub)}\n"


def _dataset(settings: Settings) -> str:
    if settings.dataset is None:
        return ""
    return f"  Data set         {settings.dataset}: {command()} dataset describe\n"


def _resolution(sample: str | None, addresses: Addresses) -> str:
    return "" if sample is None else f"  {command()} resolve {sample}{_server(addresses)}\n"


def _server(addresses: Addresses) -> str:
    host, port = addresses.handle_tcp
    return "" if port == 2641 else f" --server {WILDCARDS.get(host, host)}:{port}"


def _three_lines(prefix: str, addresses: Addresses, secret: str) -> str:
    user = quote(f"301:0.NA/{prefix}", safe="")
    mine = f"{url_of(addresses.http)}/api/handles/{prefix}.1/mine"
    value = '[{"index": 1, "type": "URL", "data": "https://example.org/"}]'
    return (
        f"  {command()} resolve {prefix}.1/hello{_server(addresses)}\n"
        f"  curl -X PUT -u '{user}:{secret}' -H 'Content-Type: application/json' -d '{value}' {mine}\n"
        f"  curl {mine}"
    )


def command() -> str:
    """Return how the user's shell calls this installation."""
    beside_python = Path(sys.executable).with_name("idnode")
    found = shutil.which("idnode")
    if found is not None and Path(found).samefile(beside_python):
        return "idnode"
    if not beside_python.exists():
        return f"{sys.executable} -m node"
    here = Path.cwd()
    return str(
        beside_python.relative_to(here) if beside_python.is_relative_to(here) else beside_python
    )
