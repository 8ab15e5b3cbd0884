"""The kinds of members that this face's models have: texts by length, numbers, and what stands for them.

Where tables and samples of the source differ in the type of a member, both are taken.
"""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, WithJsonSchema

from idnode.node.service.directory.templates import INDEX_MAX
from idnode.registry.directory.entries import FIRST_ITEM_INDEX

_LONG_MAX: Final = 0x7FFFFFFFFFFFFFFF


def _without_nul(text: str) -> str:
    """Refuse NUL, which some databases cannot keep."""
    if "\0" in text:
        raise ValueError("不含NUL的文本")
    return text


def digits_to_int(found: Any) -> Any:
    """Take a number that came as digits in a text."""
    if isinstance(found, str) and len(found) <= 19 and found.isascii() and found.isdigit():
        return int(found)
    return found


def number_to_text(found: Any) -> Any:
    """Take a text that came as a number."""
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else found


def nothing_if_empty(found: Any) -> Any:
    """Take an empty text for nothing."""
    return None if found == "" else found


_PLAIN: Final = AfterValidator(_without_nul)
_NUMBER_TO_TEXT: Final = BeforeValidator(number_to_text)

Required16 = Annotated[str, Field(strict=True, min_length=1, max_length=16), _PLAIN]
Required32 = Annotated[str, Field(strict=True, min_length=1, max_length=32), _PLAIN]
Required50 = Annotated[str, Field(strict=True, min_length=1, max_length=50), _PLAIN]
Required64 = Annotated[str, Field(strict=True, min_length=1, max_length=64), _PLAIN]
Required128 = Annotated[str, Field(strict=True, min_length=1, max_length=128), _PLAIN]
Required255 = Annotated[str, Field(strict=True, min_length=1, max_length=255), _PLAIN]

Text16 = Annotated[str, Field(strict=True, max_length=16), _PLAIN]
Text64 = Annotated[str, Field(strict=True, max_length=64), _PLAIN]
Text128 = Annotated[str, Field(strict=True, max_length=128), _PLAIN]
Text255 = Annotated[str, Field(strict=True, max_length=255), _PLAIN]
Text1024 = Annotated[str, Field(strict=True, max_length=1024), _PLAIN]
Remarks = Annotated[str, Field(strict=True, max_length=4096), _PLAIN]

Code8 = Annotated[str, _NUMBER_TO_TEXT, Field(strict=True, min_length=1, max_length=8), _PLAIN]
OptionalCode8 = Annotated[str, _NUMBER_TO_TEXT, Field(strict=True, max_length=8), _PLAIN] | None
Inner = Annotated[str, Field(strict=True, pattern=r"^[0-9A-Fa-f]{64}$")]

Count = Annotated[StrictInt, Field(ge=0, le=0x7FFFFFFF)]
_ITEM_INDEXES: Final = WithJsonSchema(
    {"type": "integer", "minimum": FIRST_ITEM_INDEX, "maximum": INDEX_MAX}
)
"""Indexes that are taken. What else is a number of the guide's eleven digits is refused for what it is, where templates are known."""
Index = Annotated[
    StrictInt, BeforeValidator(digits_to_int), Field(ge=1, le=99_999_999_999), _ITEM_INDEXES
]
ValueIndex = Annotated[StrictInt, Field(ge=0, le=99_999_999_999), _ITEM_INDEXES]
OptionalIndex = Annotated[Index | None, BeforeValidator(nothing_if_empty)]
Long = Annotated[StrictInt, BeforeValidator(digits_to_int), Field(ge=0, le=_LONG_MAX)]
OptionalLong = Annotated[Long | None, BeforeValidator(nothing_if_empty)]
