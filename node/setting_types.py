"""Types of settings that have more to keep than bounds; each refusal says what would do."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr

from idnode.registry.datasets.choice import seed_of
from idnode.registry.engines import engine_of, is_remote
from idnode.registry.errors import UnknownEngine
from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.names import check as check_handle
from idnode.registry.handle.names import prefix_handle


def _prefix_is_one(prefix: str) -> str:
    """Accept what can stand before the slash of a handle."""
    try:
        check_handle(prefix_handle(prefix.encode()))
    except InvalidHandle as error:
        raise ValueError(str(error)) from error
    if "/" in prefix or prefix.strip() != prefix:
        raise ValueError("a prefix has no slash and no blanks around it")
    return prefix


def _engine_is_known(register: SecretStr) -> SecretStr:
    """Accept what names an engine that there is; a URL may hold a password."""
    try:
        engine_of(register.get_secret_value())
    except UnknownEngine as error:
        raise ValueError(str(error)) from error
    return register


def _replicas_have_a_url(replicas: SecretStr) -> SecretStr:
    """Accept the URL of a database."""
    if not is_remote(replicas.get_secret_value()):
        raise ValueError("read-only replicas are named by a URL, postgresql://HOST/DATABASE")
    return replicas


def _dataset_is_known(dataset: object) -> object:
    """Accept a data set that there is; ``none`` takes back one that was asked for elsewhere."""
    if dataset == "none":
        return None
    if isinstance(dataset, str):
        seed_of(dataset)
    return dataset


def _without_unit(seconds: object) -> object:
    """Accept ``2s`` for 2."""
    return seconds.removesuffix("s") if isinstance(seconds, str) else seconds


PrefixName = Annotated[str, AfterValidator(_prefix_is_one)]
RegisterName = Annotated[SecretStr, AfterValidator(_engine_is_known)]
ReplicasUrl = Annotated[SecretStr, AfterValidator(_replicas_have_a_url)]
DatasetName = Annotated[str | None, BeforeValidator(_dataset_is_known)]
Seconds = Annotated[float, BeforeValidator(_without_unit)]
