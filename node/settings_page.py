"""The page of all settings, made from the settings table: ``node/SETTINGS.md``, and its Chinese twin in Chinese."""

from collections.abc import Iterator
from typing import Final, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from idnode.node.locales.catalogue import chinese
from idnode.node.settings import Settings

_HEADS: Final = {
    "en": """\
# Settings

Each is a flag (`--http-port`), a variable (`IDNODE_HTTP_PORT`) and a key of a TOML file (`--config` or `IDNODE_CONFIG`, see
[deploy/node.toml](../deploy/node.toml)). Flags beat the environment, the environment beats the file, the file beats the
defaults. Unknown keys are errors. `idnode settings` shows what is in force and where it came from.
`IDNODE_PURE=1` forbids the compiled core; it is no setting of a node, but of the process.

This page is made by `make settings`. [中文](SETTINGS.zh.md)

| setting | default | may be | meaning |
| --- | --- | --- | --- |
""",
    "zh": """\
# 设置

每项设置同时是命令行参数（`--http-port`）、环境变量（`IDNODE_HTTP_PORT`）和 TOML 文件的键（`--config` 或 `IDNODE_CONFIG`，见
[deploy/node.toml](../deploy/node.toml)）。参数优先于环境变量，环境变量优先于文件，文件优先于默认值。未知的键是错误。
`idnode settings` 显示生效的值及其来源。`IDNODE_PURE=1` 禁用编译的内核；它不是节点的设置，而是进程的设置。

本页由 `make settings` 生成。[English](SETTINGS.md)

| 设置 | 默认 | 取值 | 含义 |
| --- | --- | --- | --- |
""",
}

_NONE: Final = {"en": "none", "zh": "无"}
_NOT_EMPTY: Final = {"en": "not empty", "zh": "非空"}
_MORE: Final = {
    "en": "{meaning} ([more]({page}))",
    "zh": "{meaning}（[详见]({page})）",
}

_PAGES: Final = {
    "allow_reset": {"en": "STATE.md", "zh": "STATE.zh.md"},
    "durability": {
        "en": "../README.md#what-is-durable-when",
        "zh": "../README.zh.md#何时算持久",
    },
    "faults": {"en": "interceptors/README.md", "zh": "interceptors/README.zh.md"},
    "fixtures": {"en": "FIXTURES.md", "zh": "FIXTURES.zh.md"},
    "idhub_port": {"en": "faces/idhub/README.md", "zh": "faces/idhub/README.zh.md"},
    "journal": {"en": "interceptors/README.md", "zh": "interceptors/README.zh.md"},
    "national_url": {"en": "docking/README.md", "zh": "docking/README.zh.md"},
    "recursive_root": {"en": "recursion/README.md", "zh": "recursion/README.zh.md"},
}
"""Setting → the page that says more about it."""

_BOUNDS: Final = {Ge: ("≥", "ge"), Gt: (">", "gt"), Le: ("≤", "le"), Lt: ("<", "lt")}


def page(speak: str) -> str:
    """Return the page as Markdown, in a language."""
    return _HEADS[speak] + "".join(_rows(speak))


def _rows(speak: str) -> Iterator[str]:
    said = chinese().gettext if speak == "zh" else str
    for name, field in Settings.model_fields.items():
        meaning = said(str(field.description))
        if name in _PAGES:
            meaning = _MORE[speak].format(meaning=meaning, page=_PAGES[name][speak])
        cells = (f"`{name}`", _default_of(field, speak), _allowed(field, speak), meaning)
        yield f"| {' | '.join(cells)} |\n"


def _default_of(field: FieldInfo, speak: str) -> str:
    value = field.default
    if value is None:
        return _NONE[speak]
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value.get_secret_value() if isinstance(value, SecretStr) else value}`"


def _allowed(field: FieldInfo, speak: str) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{each}`" for each in get_args(field.annotation))
    bounds = []
    for rule in field.metadata:
        if isinstance(rule, MinLen):
            bounds.append(_NOT_EMPTY[speak])
        for kind, (sign, attribute) in _BOUNDS.items():
            if isinstance(rule, kind):
                bounds.append(f"{sign} {getattr(rule, attribute)}")
    return ", ".join(bounds)
