"""An OpenAPI 3.1 document from operations and the models that the code itself uses.

Each API lists its operations beside its routes; a test holds the two against each other.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic.json_schema import models_json_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydantic import BaseModel

JSON: Final = "application/json"
BEARER: Final = "bearer"
BASIC: Final = "basic"
APPLICATION: Final = "application"

_SECURITY: Final = {
    BEARER: {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of POST /identity/token, good for 24 hours.",
    },
    APPLICATION: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of POST /api/v1/doip/public/verify-response, good for 24 hours.",
    },
    BASIC: {
        "type": "http",
        "scheme": "basic",
        "description": "User `index:handle`, percent-encoded; password the secret of that key value.",
    },
}
_IN_PATH: Final = re.compile(r"{(\w+)}")
_REFERENCE: Final = "#/components/schemas/{model}"

Schema = dict[str, Any]
"""A JSON schema."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the query, or of the path."""

    name: str
    description: str = ""
    schema: Schema = field(default_factory=lambda: {"type": "string"})
    required: bool = False


@dataclass(frozen=True, slots=True)
class ResponseDoc:
    """Holds what may come back with one status: a model, a list of one, or a schema, in one or more encodings."""

    description: str
    model: type[BaseModel] | None = None
    encodings: tuple[str, ...] = (JSON,)
    schema: Schema | None = None
    files: bool = False
    """Whether it may also be a file of any kind."""


@dataclass(frozen=True, slots=True)
class Body:
    """Holds what a request carries: a model, a list of one, or a schema."""

    model: type[BaseModel] | None = None
    many: bool = False
    encodings: tuple[str, ...] = (JSON,)
    schema: Schema | None = None
    required: bool = True


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path; ``answers`` by status, with ``default`` for all others.

    ``or_security`` is what proves who asks instead of ``security``; ``optional_security``: strangers are answered, too.
    """

    method: str
    path: str
    summary: str
    tag: str
    answers: Mapping[str, ResponseDoc]
    parameters: Sequence[Parameter] = ()
    body: Body | None = None
    security: str | None = None
    or_security: str | None = None
    optional_security: bool = False


def document(title: str, version: str, about: str, operations: Iterable[Operation]) -> Schema:
    """Return the document."""
    operations = list(operations)
    schemas = _Schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    identifiers: Counter[str] = Counter()
    for operation in operations:
        item = paths.setdefault(operation.path, {})
        described = item[operation.method.lower()] = _described(operation, schemas)
        # Two paths may differ in a hyphen only, and generated clients have a function for each.
        identifiers[described["operationId"]] += 1
        if identifiers[described["operationId"]] > 1:
            described["operationId"] += f"_{identifiers[described['operationId']]}"
    used = {operation.security for operation in operations}
    used |= {operation.or_security for operation in operations}
    used.discard(None)
    components: Schema = {"schemas": schemas.definitions}
    if used:
        components["securitySchemes"] = {
            name: _SECURITY[name] for name in sorted(filter(None, used))
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": about},
        "tags": [{"name": tag} for tag in dict.fromkeys(each.tag for each in operations)],
        "paths": paths,
        "components": components,
    }


class _Schemas:
    """The schemas of all models, each in the form for what comes in or for what goes out."""

    def __init__(self, operations: list[Operation]) -> None:
        asked: dict[tuple[type[BaseModel], Literal["validation", "serialization"]], None] = {}
        for operation in operations:
            if operation.body and operation.body.model:
                asked[operation.body.model, "validation"] = None
            for answer in operation.answers.values():
                if answer.model:
                    asked[answer.model, "serialization"] = None
        found, whole = models_json_schema(list(asked), ref_template=_REFERENCE)
        self._references = {key: dict(schema) for key, schema in found.items()}
        self.definitions: Schema = whole.get("$defs", {})

    def body(self, body: Body) -> Schema:
        """Return the schema of a request's body."""
        if body.schema is not None:
            return body.schema
        assert body.model is not None
        schema = self._references[body.model, "validation"]
        return {"type": "array", "items": schema} if body.many else schema

    def answer(self, answer: ResponseDoc) -> Schema | None:
        """Return the schema of an answer's body, None if it has none."""
        if answer.schema is not None:
            return answer.schema
        return self._references[answer.model, "serialization"] if answer.model else None


def _described(operation: Operation, schemas: _Schemas) -> Schema:
    found: Schema = {
        "operationId": _identifier(operation),
        "summary": operation.summary,
        "tags": [operation.tag],
        "responses": {
            status: _answer(answer, schemas) for status, answer in operation.answers.items()
        },
    }
    parameters = _parameters(operation)
    if parameters:
        found["parameters"] = parameters
    if operation.body is not None:
        schema = schemas.body(operation.body)
        found["requestBody"] = {
            "required": operation.body.required,
            "content": {encoding: {"schema": schema} for encoding in operation.body.encodings},
        }
    if operation.security is not None:
        found["security"] = [{operation.security: []}]
        if operation.or_security is not None:
            found["security"].append({operation.or_security: []})
        if operation.optional_security:
            found["security"].append({})
    return found


def _identifier(operation: Operation) -> str:
    words = re.findall(r"\w+", operation.path)
    return "_".join((operation.method.lower(), *words))


def _answer(answer: ResponseDoc, schemas: _Schemas) -> Schema:
    schema = schemas.answer(answer)
    found: Schema = {"description": answer.description}
    if schema is not None:
        found["content"] = {encoding: {"schema": schema} for encoding in answer.encodings}
    if answer.files:
        found["content"]["*/*"] = {"schema": {"type": "string", "format": "binary"}}
    return found


def _parameters(operation: Operation) -> list[Schema]:
    in_path = set(_IN_PATH.findall(operation.path))
    named = {parameter.name for parameter in operation.parameters}
    missing = [Parameter(name) for name in sorted(in_path - named)]
    return [
        {
            "name": parameter.name,
            "in": "path" if parameter.name in in_path else "query",
            "required": parameter.required or parameter.name in in_path,
            "description": parameter.description,
            "schema": parameter.schema,
        }
        for parameter in (*operation.parameters, *missing)
    ]
