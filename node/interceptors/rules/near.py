"""Near misses: what a client probably meant when it asked for something that is not here.

Looked for only when somebody reads an entry, because a search takes longer than an answer.
"""

from __future__ import annotations

import string
import unicodedata
from contextlib import suppress
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import orjson

from idnode.registry.fetching import together
from idnode.registry.handle import names
from idnode.registry.handle.values import spans

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from idnode.registry.register import Register

_LETTERS: Final = (string.ascii_uppercase + string.digits + "-._").encode()
_SUFFIX_BYTES_MAX: Final = 64
_SHOWN_MAX: Final = 5
_PREFIXES_SHOWN_MAX: Final = 10
_PREFIXES_COMPARED_MAX: Final = 20_000
_TEMPLATES_SHOWN_MAX: Final = 3
_TYPE_CHARACTERS_MAX: Final = 40
_SECRET_KEY: Final = b"HS_SECKEY"


class Homed(Protocol):
    """The prefixes that live here, folded."""

    @property
    def homed(self) -> Collection[bytes]:
        """Their names."""


class NearMiss(NamedTuple):
    """A sentence in both languages, and the names it mentions."""

    en: str
    zh: str
    names: tuple[str, ...]


def near_misses(handle: str, rule: str, register: Register, authority: Homed) -> list[NearMiss]:
    """Return what might have been meant by a handle that was refused by this rule."""
    if not handle:
        return []
    if rule == "W-HDL-NOT-HOMED":
        return _prefixes(handle, authority.homed)
    if rule == "W-HDL-NOT-FOUND":
        return _handles(handle.encode(), register)
    return []


def near_templates(name: str, templates: Iterable[tuple[str, str]]) -> list[NearMiss]:
    """Return the templates that a name, prefix and version with a blank between, might have meant."""
    prefix, _, version = name.partition(" ")
    same = sorted(each for of, each in templates if of.casefold() == prefix.casefold())
    close = get_close_matches(version, same, _SHOWN_MAX, 0.5) or same[:_SHOWN_MAX]
    if not close:
        return [NearMiss(f"{prefix} has no templates at all.", f"{prefix} 下没有任何模板。", ())]
    listed = ", ".join(close)
    return [
        NearMiss(
            f"Template versions of {prefix}: {listed}.",
            f"{prefix} 的模板版本：{listed}。",
            tuple(close),
        )
    ]


def near_templates_of_batch(body: str, templates: Collection[tuple[str, str]]) -> list[NearMiss]:
    """Return the templates that the items of a batch might have meant, for each one named that is not there."""
    found: Any = None
    with suppress(ValueError):  # a body that was cut is no JSON any more
        found = orjson.loads(body)
    wanted: dict[str, None] = {}
    known = {(prefix.casefold(), version) for prefix, version in templates}
    for item in found if isinstance(found, list) else ():
        handle, version = (
            (item.get("handle"), item.get("templateVersion"))
            if isinstance(item, dict)
            else ("", "")
        )
        if isinstance(handle, str) and isinstance(version, str):
            prefix = handle.partition("/")[0]
            if prefix and version and (prefix.casefold(), version) not in known:
                wanted[f"{prefix} {version}"] = None
    misses: list[NearMiss] = []
    for name in list(wanted)[:_TEMPLATES_SHOWN_MAX]:
        absent = NearMiss(f"There is no template {name}.", f"模板 {name} 不存在。", ())
        misses += [absent, *near_templates(name, templates)]
    return misses


def keys_of(identity: str, register: Register) -> list[NearMiss]:
    """Return what an identity that was not proven has at its index, and where its secret keys are; never a key.

    For whoever runs the node: a client is told nothing of it.

    Raises:
        NotFetched: See `Register.lookup`.

    """
    index, _, handle = identity.partition(":")
    stored = register.lookup(handle.encode()) if handle else None
    if stored is None:
        return [NearMiss(f"There is no record {handle} here.", f"本节点没有 {handle} 的记录。", ())]
    held = list(spans(stored.values))
    here = next((span.type for span in held if str(span.index) == index), None)
    secrets = [str(span.index) for span in held if span.type.upper() == _SECRET_KEY][:_SHOWN_MAX]
    listed = ", ".join(secrets)
    kind = "" if here is None else here.decode(errors="replace")[:_TYPE_CHARACTERS_MAX]
    at = (
        NearMiss(
            f"{handle} has no value at index {index}.", f"{handle} 没有索引 {index} 的值。", ()
        )
        if here is None
        else NearMiss(
            f"Index {index} of {handle} holds a value of type {kind}.",
            f"{handle} 的索引 {index} 处是 {kind} 类型的值。",
            (),
        )
    )
    if not secrets:
        return [
            at,
            NearMiss(
                f"{handle} has no secret key (HS_SECKEY).", f"{handle} 没有密钥（HS_SECKEY）。", ()
            ),
        ]
    return [
        at,
        NearMiss(
            f"Secret keys (HS_SECKEY) of {handle} are at index {listed}.",
            f"{handle} 的密钥（HS_SECKEY）位于索引 {listed}。",
            tuple(f"{each}:{handle}" for each in secrets),
        ),
    ]


def _prefixes(handle: str, homed: Collection[bytes]) -> list[NearMiss]:
    prefix = names.prefix_of(names.complete(handle.encode())).decode(errors="replace")
    known = sorted(each.decode(errors="replace") for each in homed)
    close = get_close_matches(prefix.upper(), known[:_PREFIXES_COMPARED_MAX], _SHOWN_MAX, 0.8)
    found = []
    if close:
        listed = ", ".join(close)
        found.append(
            NearMiss(
                f"Prefixes much like it live here: {listed}.",
                f"相近的前缀：{listed}。",
                tuple(close),
            )
        )
    shown = known[:_PREFIXES_SHOWN_MAX]
    more = f" (+{len(known) - len(shown)})" if len(known) > len(shown) else ""
    listed = ", ".join(shown) + more
    found.append(
        NearMiss(f"Prefixes that live here: {listed}.", f"本节点的前缀：{listed}。", tuple(shown))
    )
    return found


def _handles(handle: bytes, register: Register) -> list[NearMiss]:
    """Look up every handle that differs by one character, two swapped ones, width or blanks."""
    prefix, slash, suffix = names.fold(handle).partition(b"/")
    if not slash or len(suffix) > _SUFFIX_BYTES_MAX:
        return []
    variants = dict.fromkeys(each for each in _variants(suffix) if each and each != suffix)
    # At once: a register that is elsewhere would be asked hundreds of times.
    records = together(register.lookup, [prefix + b"/" + each for each in variants])
    there = [stored.handle for stored in records if stored is not None]
    found = [each.decode(errors="replace") for each in there[:_SHOWN_MAX]]
    if not found:
        return []
    listed = ", ".join(found)
    return [
        NearMiss(
            f"Differs in a character from: {listed}.",
            f"与以下标识仅相差一个字符：{listed}。",
            tuple(found),
        )
    ]


def _variants(suffix: bytes) -> Iterator[bytes]:
    try:
        text = suffix.decode()
    except UnicodeDecodeError:
        return
    for form in (text.strip(), text.casefold().upper(), unicodedata.normalize("NFKC", text)):
        yield names.fold(form.encode())
    for at in range(len(suffix)):
        yield suffix[:at] + suffix[at + 1 :]
        if at:
            yield suffix[: at - 1] + suffix[at : at + 1] + suffix[at - 1 : at] + suffix[at + 1 :]
        for letter in _LETTERS:
            yield suffix[:at] + bytes([letter]) + suffix[at + 1 :]
    for at in range(len(suffix) + 1):
        for letter in _LETTERS:
            yield suffix[:at] + bytes([letter]) + suffix[at:]
