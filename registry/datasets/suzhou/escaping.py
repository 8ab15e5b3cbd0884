"""The form in which pages of real nodes keep lists in one value: base64 of escaped JSON (suzhou.md §3)."""

from base64 import b64encode
from collections.abc import Iterable, Sequence


def escaped(text: str) -> str:
    """Return a text as JavaScript's ``escape`` writes it."""
    return "".join(map(_escaped_character, text))


def _escaped_character(character: str) -> str:
    if character.isascii() and (character.isalnum() or character in "@*_+-./"):
        return character
    code = ord(character)
    return f"%{code:02X}" if code < 256 else f"%u{code:04X}"


def escaped_list(members: Sequence[tuple[str, str]], *, count: int) -> str:
    """Return the first ``count`` names and values as one value."""
    return b64encode(escaped(_json(members[:count])).encode()).decode()


def _json(members: Iterable[tuple[str, str]]) -> str:
    listed = ",".join(f'{{"name":"{name}","value":"{value}"}}' for name, value in members)
    return f"[{listed}]"
