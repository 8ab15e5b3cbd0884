"""Describes what this face answers, as models; OpenAPI is made from them (idhub-api.md)."""

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

Data = TypeVar("Data")


class IdhubEnvelope(BaseModel, Generic[Data]):
    """The envelope of every answer; refusals have no ``data``, except those of a form."""

    code: int
    message: str
    data: Data | None = None


class FormProblem(BaseModel):
    """A member of a body that does not fit."""

    name: str
    errorMsg: str


class FormProblems(BaseModel):
    """Every member of a body that does not fit."""

    errors: list[FormProblem]


class ApplicationToken(BaseModel):
    """A token of an application."""

    token: str


class MetadataMade(BaseModel):
    """The handle of a metadata template that was made."""

    metaHandle: str


class ItemReferenceShown(BaseModel):
    """Names what the handles in a reference are instances of."""

    referenceMetaHandle: str | None


class MetadataItemShown(BaseModel):
    """An item of a metadata template as it is answered."""

    itemIndex: int
    itemCode: str
    englishName: str
    chineseName: str
    definition: str
    inputNecessary: Literal[0, 1]
    required: Literal[0, 1]
    uniqueField: Literal[0, 1]
    listItemNecessary: Literal[0, 1]
    itemState: Literal[0, 1, 2]
    comment: str
    itemSchemaVO: dict[str, int | str]
    itemReferenceVO: ItemReferenceShown


class Industry(BaseModel):
    """The four levels of an industry."""

    industry: str
    industryCategory: str
    industrySpecific: str
    industryTrade: str
    industrySubclass: str


class MetadataShown(Industry):
    """A metadata template as it is answered."""

    classifyCode: str
    classifyName: str
    metaHandle: str
    metaName: str
    metaCode: str
    metaState: Literal[0, 1]
    metaContributor: str
    standard: str
    metaDesc: str
    createdTime: str
    updatedTime: str
    createdBy: str
    itemVOS: list[MetadataItemShown]


class PublicationOutcome(BaseModel):
    """Describes what became of one template that was to be published or withdrawn."""

    metaHandle: str
    state: Literal["success", "failed"]
    reason: str


class DataClass(BaseModel):
    """A data class of an enterprise."""

    id: int
    parentId: int
    sort: int
    children: list[dict[str, Any]]
    classifyName: str
    classifyCode: str
    ancestors: str
    level: int


Row = TypeVar("Row")


class IdhubPage(BaseModel, Generic[Row]):
    """A page of rows; it counts from 1, whatever was asked for."""

    pageSize: int
    pageNumber: int
    totalCount: int
    totalPage: int
    content: list[Row]


class MetadataRow(BaseModel):
    """A metadata template in a list."""

    id: int
    metaHandle: str
    metaCode: str
    metaName: str
    metaState: Literal[0, 1]
    isQuote: Literal[0, 1]
    createdTime: str
    classifyName: str


class InstanceRow(BaseModel):
    """An identifier in a list."""

    handleName: str
    updateTime: str
    createTime: str
    createdTime: str
    createdBy: str


class Echo(BaseModel):
    """Repeats what was created or changed."""

    type: str
    attributes: dict[str, dict[str, Any]]


class HistoryShown(BaseModel):
    """Tells who made and who last changed an identifier, and when."""

    createTime: str | None = None
    updateTime: str | None = None
    creator: str | None = None
    updater: str | None = None


class InnerAttributes(BaseModel):
    """Holds the history of an identifier."""

    metaData: HistoryShown


class ElementShown(BaseModel):
    """A value of an identifier: the item's English name is its type."""

    index: int
    type: str
    name: str
    data: str | list[str]
    dataType: int


class ObjectAttributes(BaseModel):
    """Holds an identifier's history and values, or the content of a metadata template."""

    id: str | None = None
    type: str | None = None
    attributes: InnerAttributes | None = None
    elements: list[ElementShown] | None = None
    content: dict[str, Any] | None = None
    metaData: HistoryShown | None = None


class ObjectValue(BaseModel):
    """A value of an identifier in the shape that older applications read."""

    index: int
    type: str
    value: str


class ObjectShown(BaseModel):
    """An identifier, or a metadata template, as it is resolved."""

    id: str
    type: str
    attributes: ObjectAttributes
    values: list[ObjectValue] | None = Field(None)


class GranteeShown(BaseModel):
    """An application or group to whom something can be granted."""

    name: str
    userHandle: str
    belongCompany: str
    type: Literal[1, 2]


class MessageShown(BaseModel):
    """A notice about a grant."""

    id: int
    messageTitleType: Literal[1, 2, 3, 4, 5, 6]
    messageType: Literal[1, 2]
    messageDetail: str
    createdTime: str


class FileKept(BaseModel):
    """An uploaded file."""

    id: int
    filePath: str
