"""The calls of the SNMS face as OpenAPI operations, from the models that requests are checked with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idnode.node.faces.snms import forms, models
from idnode.node.openapi.document import BEARER, Body, Operation, Parameter
from idnode.node.openapi.document import ResponseDoc as Response

if TYPE_CHECKING:
    from pydantic import BaseModel

_REFUSED: Final = Response(
    "HTTP itself refuses: an over-long body (413), a method that the path does not take (405)",
    models.SnmsEnvelope[None],
)
_MULTIPART: Final = "multipart/form-data"
_FILE: Final = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}},
    "required": ["file"],
}
_HANDLES: Final = {
    "anyOf": [
        {"type": "array", "items": {"type": "string"}},
        {
            "type": "object",
            "properties": {"handles": {"type": "array", "items": {"type": "string"}}},
            "required": ["handles"],
        },
    ]
}


def _text(most: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": most}


def _asked(name: str, most: int, description: str = "") -> Parameter:
    return Parameter(name, description, _text(most), required=True)


_PAGE: Final = (
    Parameter("startDate", "created from, yyyy-MM-dd HH:mm:ss in China's time"),
    Parameter("endDate", "created until"),
    Parameter("currentPage", "from 1", {"type": "integer", "minimum": 1}),
    Parameter("pageSize", "10 unless said", {"type": "integer", "minimum": 1}),
)
_TEMPLATE_KEY: Final = (_asked("prefix", 64), _asked("version", 128))


def _call(  # noqa: PLR0913  # a row of a table
    method: str,
    path: str,
    summary: str,
    tag: str,
    data: type[BaseModel | bool],
    *,
    many: bool = False,
    body: Body | None = None,
    parameters: tuple[Parameter, ...] = (),
    public: bool = False,
) -> Operation:
    inner: Any = list[data] if many else data  # type: ignore[valid-type]
    answers = {
        "200": Response(
            "`status` 1 and data, or another `status` and why, also of a body that is no JSON",
            models.SnmsEnvelope[inner],
        ),
        "default": _REFUSED,
    }
    security = None if public else BEARER
    return Operation(method, path, summary, tag, answers, parameters, body, security)


def operations() -> list[Operation]:
    """Return every call of this face."""
    return [*_identity(), *_templates(), *_identifiers(), *_directory()]


def _identity() -> list[Operation]:
    login = Body(models.Login)
    return [
        _call("POST", "/identity/token", "Token for a password", "SNMS identity", models.Token,
              body=login, public=True),
        _call("POST", "/identity/token/v1", "Token for a dated digest of a password",
              "SNMS identity", models.Token, body=login, public=True),
        _call("POST", "/identity/registry", "Make a user", "SNMS identity", bool,
              body=Body(models.Registration)),
    ]  # fmt: skip


def _templates() -> list[Operation]:
    found = []
    body, key = Body(models.Template), Body(models.TemplateKey)
    for path in ("/snms/api/v3/template", "/snms/api/v5/template", "/snms/api/template/v1"):
        found += [
            _call("GET", path, "Read a template", "SNMS templates", models.TemplateShown,
                  parameters=_TEMPLATE_KEY),
            _call("POST", path, "Make a template", "SNMS templates", bool, body=body),
            _call("DELETE", path, "Delete a template", "SNMS templates", bool, body=key),
        ]  # fmt: skip
    edit = _call(
        "PUT", "/snms/api/v5/template", "Change a template", "SNMS templates", bool, body=body
    )
    return [*found, edit]


def _identifiers() -> list[Operation]:
    path, tag = "/identityv2/data", "SNMS identifiers"
    one, many = Body(models.Identifier), Body(models.Identifier, many=True)
    asked = (_asked("handle", 255),)
    return [
        _call("GET", f"{path}/detail", "Read an identifier", tag, models.IdentifierShown,
              parameters=asked, public=True),
        _call("GET", "/api/identityv2/query/data", "Read an identifier (older path)", tag,
              models.IdentifierShown, parameters=asked, public=True),
        _call("POST", path, "Register an identifier", tag, bool, body=one),
        _call("PUT", path, "Change an identifier", tag, bool, body=one),
        _call("DELETE", path, "Delete an identifier", tag, bool, body=Body(models.HandleKey)),
        _call("POST", f"{path}/batchCreate", "Register up to 2,000 identifiers", tag,
              models.ItemOutcome, many=True, body=many),
        _call("PUT", f"{path}/batchUpdate", "Change up to 2,000 identifiers", tag,
              models.ItemOutcome, many=True, body=many),
        _call("DELETE", f"{path}/batchDelete", "Delete up to 2,000 identifiers", tag,
              models.DeletionOutcome, many=True, body=Body(schema=_HANDLES)),
    ]  # fmt: skip


def _directory() -> list[Operation]:
    tag = "SNMS enterprises"
    new = Body(forms.NewEnterprise)
    return [
        _call("POST", "/snms/api/file/upload", "Upload an image or PDF", tag, models.FileShown,
              body=Body(schema=_FILE, encodings=(_MULTIPART,))),
        _call("POST", "/snms/api/v3/ent/apply", "Make a user and its enterprise", tag, bool,
              body=new),
        _call("POST", "/snms/api/ent/apply", "The same (older path)", tag, bool, body=new),
        _call("POST", "/snms/api/v3/ent/upgrade-apply", "Make or change a user's enterprise", tag,
              bool, body=Body(forms.KnownEnterprise)),
        _call("GET", "/snms/api/v3/ent/page", "List enterprises", tag, forms.DirectoryPage,
              parameters=(Parameter("orgName"), *_PAGE)),
        _call("GET", "/snms/api/v3/ent/detail", "Read an enterprise", tag, forms.FormShown,
              parameters=(Parameter("id", schema={"type": "integer", "minimum": 1, "maximum": (1 << 63) - 1},
                                    required=True),)),
        _call("GET", "/snms/api/prefix/query", "Read a prefix", tag, forms.PrefixShown,
              parameters=(_asked("prefix", 64),)),
        _call("GET", "/snms/api/prefix/page", "List prefixes", tag, forms.PrefixPage,
              parameters=(Parameter("entName"), Parameter("entPrefix"), *_PAGE)),
        _call("POST", "/snms/api/ent/config", "Host a prefix here, or name its server", tag, bool,
              body=Body(forms.Configuration)),
    ]  # fmt: skip
