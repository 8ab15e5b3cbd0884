"""Command-line flags made from the settings table, so that no flag can be without its setting."""

import inspect
from collections.abc import Callable
from gettext import gettext
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from idnode.node.settings import Settings, flag_of, load


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with one flag per setting and ``--config``; it gets the loaded settings first.

    Flags take text, and the settings table checks them: a bad value reads the same whether it came from
    a flag, the environment or the file.
    """
    own = list(inspect.signature(command).parameters.values())[1:]

    def run(*, config: Path | None, **given: Any) -> None:
        flags = {name: given.pop(name) for name in Settings.model_fields}
        loaded = load({name: text for name, text in flags.items() if text is not None}, config)
        command(loaded, **given)

    parameters = [*own, _config(), *map(_flag, Settings.model_fields)]
    keyword_only = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    run.__signature__ = inspect.Signature(keyword_only)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in keyword_only}
    run.__doc__ = command.__doc__
    return run


def spelled_out(arguments: list[str]) -> list[str]:
    """Return arguments with ``yes`` behind each flag of a yes|no setting that stands alone."""
    switches = {flag_of(name) for name, f in Settings.model_fields.items() if f.annotation is bool}
    found = []
    for argument, following in zip(arguments, [*arguments[1:], "-"], strict=True):
        found.append(argument)
        if argument in switches and following.startswith("-"):
            found.append("yes")
    return found


def _config() -> inspect.Parameter:
    option = typer.Option(
        None, "--config", metavar="FILE", help="TOML file with settings (IDNODE_CONFIG)."
    )
    return _parameter("config", option, Path | None)


def _flag(name: str) -> inspect.Parameter:
    field = Settings.model_fields[name]
    text = f"{gettext(str(field.description))}{_default_of(field)}"
    option = typer.Option(None, flag_of(name), metavar=_metavar(field), help=text)
    return _parameter(name, option, str | None)


def _parameter(name: str, option: Any, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=annotation
    )


def _default_of(field: FieldInfo) -> str:
    value = field.default
    if value is None:
        return ""
    shown = value.get_secret_value() if isinstance(value, SecretStr) else value
    return f" [{gettext('default: {default}').format(default=shown)}]"


def _metavar(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return "|".join(get_args(field.annotation))
    kinds = {int: "N", float: "N", bool: "yes|no", Path: "PATH"}
    for kind in (field.annotation, *get_args(field.annotation)):
        if kind in kinds:
            return kinds[kind]
    return "TEXT"
