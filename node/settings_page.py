"""The page of all settings, made from the settings table: ``node/SETTINGS.md``."""

from collections.abc import Iterator
from typing import Final, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from idnode.node.settings import Settings

_HEAD: Final = """\
# Settings

Each is a flag (`--http-port`), a variable (`IDNODE_HTTP_PORT`) and a key of a TOML file (`--config` or `IDNODE_CONFIG`, see
[deploy/node.toml](../deploy/node.toml)). Flags beat the environment, the environment beats the file, the file beats the
defaults. Unknown keys are errors. `idnode settings` shows what is in force and where it came from.
`IDNODE_PURE=1` forbids the compiled core; it is no setting of a node, but of the process.

This page is made by `make settings`. [中文](SETTINGS.zh.md)

| setting | default | may be | meaning |
| --- | --- | --- | --- |
"""

_BOUNDS: Final = {Ge: ("≥", "ge"), Gt: (">", "gt"), Le: ("≤", "le"), Lt: ("<", "lt")}


def page() -> str:
    """Return the page as Markdown."""
    return _HEAD + "".join(_rows())


def _rows() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        cells = (
            f"`{name}`",
            default_of(field),
            _allowed(field),
            str(field.description),
        )
        yield f"| {' | '.join(cells)} |\n"


def default_of(field: FieldInfo) -> str:
    """Return the default of a setting as the page shows it."""
    value = field.default
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value.get_secret_value() if isinstance(value, SecretStr) else value}`"


def _allowed(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{each}`" for each in get_args(field.annotation))
    bounds = []
    for rule in field.metadata:
        if isinstance(rule, MinLen):
            bounds.append("not empty")
        for kind, (sign, attribute) in _BOUNDS.items():
            if isinstance(rule, kind):
                bounds.append(f"{sign} {getattr(rule, attribute)}")
    return ", ".join(bounds)
