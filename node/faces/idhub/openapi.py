"""The calls of the IDHub face as OpenAPI operations, from the models that requests are checked with."""

from __future__ import annotations

from typing import Any, Final

from idnode.node.faces.idhub import answers, models
from idnode.node.openapi.document import APPLICATION, Body, Operation, Parameter
from idnode.node.openapi.document import ResponseDoc as Response

_DOIP: Final = "/api/v1/doip"
_OPEN: Final = "/api/v1/open"
_IDENTITY: Final = "IDHub identity"
_METADATA: Final = "IDHub metadata"
_OBJECTS: Final = "IDHub identifiers"
_GRANTS: Final = "IDHub grants and files"

_OTHERWISE: Final = Response(
    "HTTP itself refuses: an over-long body, a method that the path does not take",
    answers.IdhubEnvelope[None],
)
_FILE: Final = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}},
    "required": ["file"],
}
_OPERATIONS: Final = (
    "0.DOIP/Op.Create",
    "0.DOIP/Op.Update",
    "0.DOIP.EXTEND/Op.Update.Non.Overlay",
    "0.DOIP/Op.Delete",
)


def _text(most: int = 255) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": most}


def _asked(name: str, most: int = 255) -> Parameter:
    return Parameter(name, schema=_text(most), required=True)


_PAGE: Final = (
    Parameter("startTime"),
    Parameter("endTime"),
    Parameter("page", schema={"type": "integer", "minimum": 0, "maximum": 1_000_000}),
    Parameter("size", schema={"type": "integer", "minimum": 1, "maximum": 1000}),
)


def _call(  # noqa: PLR0913  # a row of a table
    method: str,
    path: str,
    summary: str,
    tag: str,
    data: Any = None,
    *,
    body: Body | None = None,
    parameters: tuple[Parameter, ...] = (),
    public: bool = False,
) -> Operation:
    inner = data if data is not None else type(None)
    found = Response(
        "`code` 1 and data, or another state code and why",
        answers.IdhubEnvelope[inner | answers.FormProblems],  # type: ignore[valid-type]
    )
    security = None if public else APPLICATION
    responses = {"200": found, "default": _OTHERWISE}
    return Operation(method, path, summary, tag, responses, parameters, body, security)


def operations() -> list[Operation]:
    """Return every call of this face."""
    return [*_identity(), *_metadata(), *_objects(), *_grants(), *_files()]


def _identity() -> list[Operation]:
    verify = f"{_DOIP}/public/verify-response"
    return [
        _call("GET", f"{_DOIP}/public/challenge", "Challenge for an application", _IDENTITY, str,
              parameters=(_asked("handle"),), public=True),
        _call("POST", verify, "Token for a signed challenge", _IDENTITY,
              answers.ApplicationToken, body=Body(models.Proof), public=True),
    ]  # fmt: skip


def _metadata() -> list[Operation]:
    meta, tag = f"{_OPEN}/meta", _METADATA
    grant = Body(models.MetadataGrant)
    listed = Parameter("metaHandleList", schema={"type": "array", "items": _text()}, required=True)
    filters = (
        _asked("classifyCode", 100),
        Parameter("metaHandle"),
        Parameter("metaState", schema={"type": "integer", "enum": [0, 1]}),
        *_PAGE,
    )
    return [
        _call("POST", f"{meta}/create", "Make a metadata template", tag, answers.MetadataMade,
              body=Body(models.NewMetadata)),
        _call("GET", f"{meta}/info", "Read a metadata template", tag, answers.MetadataShown,
              parameters=(_asked("metaHandle"),)),
        _call("PUT", f"{meta}/update-basic-info", "Edit the head of a metadata template", tag,
              body=Body(models.EditedHead)),
        _call("PUT", f"{meta}/update-item", "Edit the items of a metadata template", tag,
              body=Body(models.EditedItems)),
        _call("DELETE", f"{meta}/delete", "Delete metadata templates", tag, parameters=(listed,)),
        _call("POST", f"{meta}/grant/info", "Grant a metadata template", tag, body=grant),
        _call("POST", f"{meta}/grant-info", "Grant a metadata template (the SDK's path)", tag,
              body=grant),
        _call("PUT", f"{meta}/publish-or-withdraw", "Publish or withdraw metadata templates", tag,
              list[answers.PublicationOutcome], body=Body(models.Publication)),
        _call("POST", f"{meta}/baseon-create", "Copy a metadata template", tag,
              answers.MetadataMade, body=Body(models.Copying)),
        _call("GET", f"{meta}/classify-query", "Tree of data classes", tag,
              list[answers.DataClass]),
        _call("GET", f"{meta}/page", "List metadata templates", tag,
              answers.IdhubPage[answers.MetadataRow], parameters=filters),
    ]  # fmt: skip


def _objects() -> list[Operation]:
    target = _asked("targetId")
    writing = Parameter(
        "operationId", schema={"type": "string", "enum": list(_OPERATIONS)}, required=True
    )
    reading = Parameter(
        "operationId", schema={"type": "string", "enum": ["0.DOIP/Op.Retrieve"]}, required=True
    )
    return [
        _call("POST", _DOIP, "Create, update or delete an identifier", _OBJECTS, answers.Echo,
              body=Body(models.DigitalObject, required=False), parameters=(target, writing)),
        _call("GET", _DOIP, "Resolve an identifier or a metadata template", _OBJECTS,
              answers.ObjectShown, parameters=(target, reading)),
        _call("GET", f"{_OPEN}/handle/page", "List the identifiers of a metadata template",
              _OBJECTS, answers.IdhubPage[answers.InstanceRow],
              parameters=(_asked("metaHandle"), Parameter("handleName"), *_PAGE)),
    ]  # fmt: skip


def _grants() -> list[Operation]:
    classes, single = f"{_OPEN}/classes-grant", Body(models.SingleGrant)
    page = Parameter(
        "page", "", {"type": "integer", "minimum": 1, "maximum": 1_000_000}, required=True
    )
    size = Parameter("size", "", {"type": "integer", "minimum": 1, "maximum": 1000}, required=True)
    return [
        _call("GET", f"{_OPEN}/handle-user-group/list", "Applications and groups", _GRANTS,
              list[answers.GranteeShown]),
        _call("POST", "/api/v1/single-handle/authorization", "Grant one identifier", _GRANTS,
              body=single),
        _call("POST", f"{_OPEN}/single-handle/authorization",
              "Grant one identifier (the SDK's path)", _GRANTS, body=single),
        _call("POST", f"{classes}/item/batch-public", "Make items of a class public", _GRANTS,
              body=Body(models.PublicItems)),
        _call("POST", f"{classes}/authorization", "Grant items of a class", _GRANTS,
              body=Body(models.ClassGrant)),
        _call("GET", f"{_OPEN}/message/appMessage", "Notices about grants", _GRANTS,
              answers.IdhubPage[answers.MessageShown], parameters=(page, size)),
    ]  # fmt: skip


def _files() -> list[Operation]:
    upload = (_asked("metaHandle"), _asked("fileField", 50), Parameter("handleName"))
    fetching = (_asked("filePath", 64), _asked("handle"), _asked("field", 50))
    acquire = Operation(
        "GET",
        f"{_DOIP}/file-acquire",
        "Fetch a file",
        _GRANTS,
        {
            "200": Response(
                "The file itself, or an envelope that says why not",
                answers.IdhubEnvelope[None],
                files=True,
            ),
            "default": _OTHERWISE,
        },
        fetching,
        security=APPLICATION,
    )
    return [
        _call("POST", f"{_DOIP}/file-upload", "Upload a file for an item", _GRANTS,
              answers.FileKept, body=Body(schema=_FILE, encodings=("multipart/form-data",)),
              parameters=upload),
        acquire,
    ]  # fmt: skip
