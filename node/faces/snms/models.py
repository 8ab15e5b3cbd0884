"""Describes what this face takes and gives, as models: requests are checked with them, OpenAPI is made from them.

Members that nobody knows are ignored, as deployed nodes do. Lengths are in characters.
"""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
)

from idnode.node.faces.snms.fields import (
    Code8,
    Count,
    Inner,
    OptionalIndex,
    Remarks,
    Required50,
    Required64,
    Required128,
    Required255,
    Text64,
    Text255,
    Text1024,
    ValueIndex,
    digits_to_int,
)

Data = TypeVar("Data")


class Model(BaseModel):
    """Root of the models."""

    model_config = ConfigDict(
        extra="ignore",
        populate_by_name=True,
        defer_build=True,  # built when first needed: hundreds of validators, and a start is to be quick
    )


class SnmsEnvelope(Model, Generic[Data]):
    """The envelope of every answer: exactly three members, and ``status`` 1 for success."""

    message: str
    status: int
    data: Data | None


class Login(Model):
    """Names who logs in: login name, or identity of an application; password, or its dated digest."""

    username: Required50
    password: Required64


class Token(Model):
    """A token, good for 24 hours."""

    token: str


class Registration(Model):
    """A new user; the password comes as its SHA-256 in hexadecimal digits."""

    username: Required50 = Field(validation_alias=AliasChoices("username", "userName"))
    password: Inner
    email: Required255
    mobile: Required255
    open_id: Text64 | None = Field(None, alias="openId")
    open_username: Text255 | None = Field(None, alias="openUserName")
    remarks: Remarks | None = None


class Metadata(Model):
    """Describes what a value of an attribute may be: a text of this many characters, both ends included."""

    type: Annotated[str, StringConstraints(strict=True, max_length=16)] = "string"
    min_length: Count = Field(alias="minLength")
    max_length: Count = Field(alias="maxLength")


class TemplateItem(Model):
    """An attribute of a template; without ``idIndex`` the node numbers it."""

    name: Required255
    id_type: Required128 = Field(alias="idType")
    id_index: OptionalIndex = Field(None, alias="idIndex")
    required: StrictBool | None = None
    state: Literal[0, 1] | None = None
    metadata: Metadata


class Template(Model):
    """A template as it is created or, with only the items that change, edited."""

    prefix: Required64
    version: Required128
    industry_category: Code8 = Field(alias="industryCategory")
    industry_specific: Code8 = Field(alias="industrySpecific")
    industry_trade: Code8 = Field(alias="industryTrade")
    industry_subclass: Code8 = Field(alias="industrySubclass")
    type: Annotated[StrictInt, BeforeValidator(digits_to_int)]
    description: Text1024 | None = None
    items: list[TemplateItem]


class TemplateKey(Model):
    """Names which template."""

    prefix: Required64
    version: Required128


class ItemShown(Model):
    """An attribute as it is answered."""

    name: str
    idType: str
    idIndex: int
    required: bool
    metadataId: int
    metadata: dict[str, str | int]
    state: int | None = Field(None, description="0 disabled, 1 enabled; absent in v3")


class TemplateShown(Model):
    """A template as it is answered."""

    id: int
    prefix: str
    name: str
    version: str
    industryCategory: str
    industrySpecific: str
    industryTrade: str
    industrySubclass: str
    type: int
    description: str
    items: list[ItemShown]
    handle: str | None = Field(None, description="identifier of the template; absent in v3")


class ValueData(Model):
    """The content of a value; the only format is ``string``."""

    format: Literal["string"]
    value: Annotated[str, StringConstraints(strict=True)]


class Value(Model):
    """A value: index and type are those of a template's item."""

    auth: Text255 | None = None
    index: ValueIndex
    type: Required128
    data: ValueData


class Identifier(Model):
    """An identifier to be registered or changed."""

    handle: Required255
    template_version: Required128 = Field(alias="templateVersion")
    value: list[Value]


class HandleKey(Model):
    """Names which identifier."""

    handle: Required255


class HandleKeys(Model):
    """Names which identifiers, wrapped as the field table has it; the bare array of the sample is taken, too."""

    handles: list[Any]


class ShownData(Model):
    """The content of a value; what is no text has the format ``base64``."""

    format: str
    value: str


class ValueShown(Model):
    """A value as it is answered."""

    auth: str
    index: int
    type: str
    data: ShownData


class IdentifierShown(Model):
    """An identifier as it is answered."""

    code: str
    prefix: str
    handle: str
    templateVersion: str
    value: list[ValueShown]


class ItemOutcome(Model):
    """Describes what became of one item of batchCreate or batchUpdate."""

    handle: str
    msg: str


class DeletionOutcome(Model):
    """Describes what became of one item of batchDelete."""

    handle: str
    code: int
    msg: str


class FileShown(Model):
    """An uploaded file: its number is the ``…Rid`` of applications."""

    id: int
    path: str
