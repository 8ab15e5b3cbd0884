"""Describes what this face takes, as models: requests are checked with them, OpenAPI is made from them (idhub-api.md).

``null`` stands for an absent member everywhere, since the SDK sends it for what is not set; members that nobody knows
are ignored. Lengths are in characters.
"""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    model_validator,
)


class Model(BaseModel):
    """Root of the models."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, found: Any) -> Any:
        """Take a member that is null for an absent one."""
        if isinstance(found, dict):
            return {name: member for name, member in found.items() if member is not None}
        return found


def _digits(found: Any) -> Any:
    """Take a number that came as digits in a text."""
    if isinstance(found, str) and len(found) <= 10 and found.isascii() and found.isdigit():
        return int(found)
    return found


def _text(found: Any) -> Any:
    """Take a text that came as a number."""
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else found


def _sound(text: str) -> str:
    """Refuse NUL, which some databases cannot keep, and what is no Unicode text."""
    if "\0" in text:
        raise ValueError("NUL")
    text.encode()
    return text


_SOUND = AfterValidator(_sound)
_LIST_MAX = 1000

Required8 = Annotated[
    str, BeforeValidator(_text), Field(strict=True, min_length=1, max_length=8), _SOUND
]
Required50 = Annotated[str, Field(strict=True, min_length=1, max_length=50), _SOUND]
Required100 = Annotated[str, Field(strict=True, min_length=1, max_length=100), _SOUND]
Required255 = Annotated[str, Field(strict=True, min_length=1, max_length=255), _SOUND]
Text8 = Annotated[str, BeforeValidator(_text), Field(strict=True, max_length=8), _SOUND]
Text200 = Annotated[str, Field(strict=True, max_length=200), _SOUND]
Text255 = Annotated[str, Field(strict=True, max_length=255), _SOUND]
Text1000 = Annotated[str, Field(strict=True, max_length=1000), _SOUND]
Signature = Annotated[str, Field(strict=True, min_length=1, max_length=8192)]
Flag = Annotated[Literal[0, 1], BeforeValidator(_digits)]
State = Annotated[Literal[0, 1, 2], BeforeValidator(_digits)]
Length = Annotated[StrictInt, BeforeValidator(_digits), Field(ge=0, le=64_000)]
Small = Annotated[StrictInt, BeforeValidator(_digits), Field(ge=0, le=1000)]
ItemIndex = Annotated[StrictInt, BeforeValidator(_digits), Field(ge=2000, le=0x7FFFFFFF)]
# Which numbers are taken is told by a state code of its own, not by the check of the form.
Kind = Annotated[StrictInt, BeforeValidator(_digits)]
Handles = Annotated[list[Required255], Field(max_length=_LIST_MAX)]


class Proof(Model):
    """A signed challenge."""

    handle: Required255
    signature: Signature


class ItemSchema(Model):
    """Describes what the values of an item may be."""

    dataType: Annotated[Literal[1, 2, 3, 4, 5, 6, 7, 8], BeforeValidator(_digits)]
    minLength: Length | None = None
    maxLength: Length | None = None
    charRange: Text1000 | None = None
    accuracy: Small | None = None
    numberRange: Text200 | None = None
    dateFormat: Text200 | None = None
    maxFileCount: Small | None = None
    fileRange: Annotated[Literal[1, 2], BeforeValidator(_digits)] | None = None
    fileType: Annotated[Text200, BeforeValidator(_text)] | None = None
    selfDefFileSuffix: Text200 | None = None
    referenceType: Annotated[Literal[1, 2], BeforeValidator(_digits)] | None = None


class ItemReference(Model):
    """Names what the handles in a reference are instances of."""

    referenceMetaHandle: Text255 | None = None


class MetadataItem(Model):
    """An item of a metadata template."""

    itemIndex: ItemIndex | None = None
    itemCode: Required50
    englishName: Required50
    chineseName: Required50
    definition: Text200 | None = None
    inputNecessary: Flag | None = None
    required: Flag | None = None
    uniqueField: Flag | None = None
    listItemNecessary: Flag | None = None
    itemState: State | None = None
    comment: Text200 | None = None
    itemSchemaCreateDTO: ItemSchema = Field(
        validation_alias=AliasChoices("itemSchemaCreateDTO", "itemSchemaDTO", "itemSchemaVO")
    )
    itemReferenceDTO: ItemReference | None = None


class Head(Model):
    """The head data of a metadata template."""

    classifyCode: Required100
    metaName: Required100
    metaCode: Required100
    industryCategory: Required8
    industrySpecific: Required8
    industryTrade: Required8
    industrySubclass: Required8
    standard: Text200 | None = None
    metaDesc: Text1000 | None = None


class NewMetadata(Head):
    """A metadata template to be made; without a handle it gets one."""

    metaHandle: Text255 | None = None
    metaItemCreateDTOS: Annotated[list[MetadataItem], Field(min_length=1, max_length=_LIST_MAX)]


class EditedHead(Head):
    """New head data of a metadata template."""

    metaHandle: Required255


class EditedItems(Model):
    """Items of a metadata template: those with a known index replace the present ones, others are appended."""

    metaHandle: Required255 = Field(validation_alias=AliasChoices("metaHandle", "metaHanlde"))
    metaItemDTOS: Annotated[list[MetadataItem], Field(min_length=1, max_length=_LIST_MAX)]


class MetadataGrant(Model):
    """Names to whom a metadata template is granted."""

    scope: Kind
    metaHandle: Required255
    handleUsers: Handles = Field([], validation_alias=AliasChoices("handleUsers", "handleList"))
    removeHandleUsers: Handles = []


class Publication(Model):
    """Names metadata templates to be published or withdrawn."""

    metaHandleList: Annotated[list[Required255], Field(min_length=1, max_length=_LIST_MAX)]
    opType: Literal["publish", "withdraw"]


class CopyHead(Model):
    """Describes what a copy does not take from its model."""

    metaCode: Required50
    classifyCode: Required100
    metaHandle: Text255 | None = None


class Copying(Model):
    """A copy of a metadata template."""

    baseonHandle: Required255
    baseInfo: CopyHead


class Attributes(Model):
    """Holds the content of an identifier: English names of items and their values."""

    content: dict[str, Any]


class DigitalObject(Model):
    """An identifier to be created or changed."""

    type: Text255 | None = None
    attributes: Attributes


class SingleGrant(Model):
    """Names to whom one identifier is granted."""

    handle: Required255
    grantType: Kind | None = None
    readerScope: Kind | None = None
    handleUserReaders: Handles = []
    handleUserWriters: Handles = []
    delHandleUserReaders: Handles = []
    delHandleUserWriters: Handles = []


def _one_or_many(found: Any) -> Any:
    return [found] if isinstance(found, str) else found


Items = Annotated[
    list[Required50], BeforeValidator(_one_or_many), Field(min_length=1, max_length=_LIST_MAX)
]


class PublicItems(Model):
    """Names items of a class that everybody may read, or no more."""

    metaHandle: Required255
    scope: Kind
    items: Items


class ItemGrant(Model):
    """Names to whom items of a class are granted."""

    item: Items
    authType: Kind
    scope: Kind
    handleUsers: Handles = []
    removeHandleUsers: Handles = []


class ClassGrant(Model):
    """Grants of a class."""

    metaHandle: Required255
    accessList: Annotated[list[ItemGrant], Field(min_length=1, max_length=_LIST_MAX)]
