"""Says in two languages what the members, parameters and calls of a document mean, and gives each an example.

Models say what is allowed; what it means is written once by name (`words.toml`), since a name means the same on every
face, with rows of its own for a model where it does not. `texts.toml` has Chinese for the rest.
"""

from __future__ import annotations

import json
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Final

Schema = dict[str, Any]

ENGLISH: Final = "en"
CHINESE: Final = "zh"
LANGUAGES: Final = (CHINESE, ENGLISH)

_DEPTH_MAX: Final = 24
_LIMITS: Final = {
    "ge": "minimum",
    "le": "maximum",
    "gt": "exclusiveMinimum",
    "lt": "exclusiveMaximum",
}
_METHODS: Final = frozenset({"get", "post", "put", "delete", "patch"})
_OK: Final = "2"


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files("idnode.node.openapi").joinpath(name).read_text(encoding="utf-8"))


def explain(document: Schema, language: str = ENGLISH) -> Schema:
    """Give a document its meanings and examples in a language; changes the document, and returns it."""
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        _explain_schema(schema, schema.get("title", name), language)
    for schema in schemas.values():
        _fill_examples(schema, schemas)
    document["servers"] = [{"url": "/", "description": _said("This node", language)}]
    guide = _table("texts.toml")["guide"][language]
    if "/identity/token" in document["paths"]:
        document["info"]["description"] = _said(document["info"]["description"], language) + guide
    for tag in document["tags"]:
        tag["name"] = _said(tag["name"], language)
    for scheme in document["components"].get("securitySchemes", {}).values():
        scheme["description"] = _said(scheme["description"], language)
    for item in document["paths"].values():
        for method, operation in item.items():
            if method in _METHODS:
                _explain_operation(operation, schemas, language)
    return document


def _said(text: str, language: str) -> str:
    if language == ENGLISH:
        return text
    found: str = _table("texts.toml")["zh"].get(text, text)
    return found


def _explain_schema(schema: Any, model: str, language: str) -> None:
    if isinstance(schema, list):
        for each in schema:
            _explain_schema(each, model, language)
        return
    if not isinstance(schema, dict):
        return
    for former, proper in _LIMITS.items():
        if former in schema and not isinstance(schema[former], dict):
            schema[proper] = schema.pop(former)
    for name, member in schema.get("properties", {}).items():
        _explain_member(member, model, name, language)
    for each in schema.values():
        _explain_schema(each, model, language)


def _explain_member(member: Schema, model: str, name: str, language: str) -> None:
    found = _member_words(model, name)
    if found is None:
        return
    english, chinese, example = found
    member["description"] = english if language == ENGLISH else chinese
    member.setdefault("examples", [None if member.get("type") == "null" else example])
    member.pop("title", None)


def _fill_examples(schema: Any, schemas: Schema) -> None:
    """Give members that hold others an example made of theirs, where the words leave it to them."""
    for member in schema.get("properties", {}).values():
        if member.get("examples", [None])[0] in ({}, []):
            made = example_of(member, schemas)
            if made != [""]:
                member["examples"] = [made]


def _member_words(model: str, name: str) -> list[Any] | None:
    members = _table("words.toml")["members"]
    found: list[Any] | None = members.get(f"{model}.{name}", members.get(name))
    return found


def _explain_operation(operation: Schema, schemas: Schema, language: str) -> None:
    texts = _table("texts.toml")
    identifier = operation["operationId"]
    refused = _refusal(operation)
    operation["summary"] = _said(operation["summary"], language)
    operation["tags"] = [_said(each, language) for each in operation["tags"]]
    further = texts["operations"].get(identifier)
    if further is not None:
        operation["description"] = further[language]
    words = _table("words.toml")["parameters"]
    for parameter in operation.get("parameters", ()):
        found = words.get(f"{identifier}.{parameter['name']}", words.get(parameter["name"]))
        if found is not None:
            english, chinese, example = found
            parameter["description"] = english if language == ENGLISH else chinese
            if example != "":
                parameter["example"] = _fitting(example, parameter["schema"])
        _explain_schema(parameter["schema"], "", language)
    body = operation.get("requestBody", {}).get("content", {})
    given = texts["examples"].get(identifier)
    variants = texts["variants"].get(identifier)
    for encoding, content in body.items():
        _explain_schema(content["schema"], "", language)
        if "json" not in encoding or "ndjson" in encoding:
            continue
        if variants is not None:
            content["examples"] = {
                each["name"]: {"summary": each[language], "value": each["value"]}
                for each in variants
            }
        else:
            content["example"] = example_of(content["schema"], schemas) if given is None else given
    for status, answer in operation["responses"].items():
        answer["description"] = _said(answer["description"], language)
        _exemplify(answer, status, _answers(identifier), refused, schemas)


def _fitting(example: Any, schema: Schema) -> Any:
    """Return an example for a parameter, of those values that its schema names or allows."""
    allowed = schema.get("enum")
    if isinstance(example, int) and example < schema.get("minimum", example):
        return schema["minimum"]
    return allowed[0] if allowed and example not in allowed else example


def _answers(identifier: str) -> dict[str, Any]:
    """Return the examples of a call's answers that its members cannot give, by status."""
    found = _table("answers.toml").get(identifier, {})
    return {status: json.loads(text) for status, text in found.items()}


def _refusal(operation: Schema) -> dict[str, Schema]:
    """Return what a call's face says when it refuses: in the usual answer, or by HTTP's status."""
    face = operation["tags"][0].partition(" ")[0]
    kind = "known" if operation.get("security") else "anybody"
    found = _answers(face)
    return {name: found[key] for name, key in (("200", kind), ("default", "http")) if key in found}


def _exemplify(
    answer: Schema, status: str, given: Schema, refused: dict[str, Schema], schemas: Schema
) -> None:
    content = answer.get("content", {}).get("application/json")
    if content is None:
        return
    if not status.startswith(_OK):
        content["example"] = given.get(status, refused.get("default", {}))
        return
    shown = given.get(status) or example_of(content["schema"], schemas)
    content["examples"] = {"success": {"value": shown}}
    if "200" in refused:
        content["examples"]["refused"] = {"value": given.get("refused", refused["200"])}


def example_of(schema: Any, schemas: Schema, depth: int = 0) -> Any:
    """Return an example of a schema, made of those of its members."""
    if not isinstance(schema, dict) or depth > _DEPTH_MAX:
        return {}
    reference = schema.get("$ref")
    given = schema.get("examples")
    if given and given[0] not in ({}, []):
        return given[0]
    if reference:
        return example_of(schemas[reference.rpartition("/")[2]], schemas, depth + 1)
    for branch in (*schema.get("anyOf", ()), *schema.get("allOf", ())):
        if branch.get("type") != "null":
            return example_of(branch, schemas, depth + 1)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    return _of_type(schema, schemas, depth)


def _of_type(schema: Schema, schemas: Schema, depth: int) -> Any:
    if "properties" in schema:
        return {
            name: example_of(member, schemas, depth + 1)
            for name, member in schema["properties"].items()
        }
    kind = schema.get("type")
    if kind == "array":
        found = example_of(schema.get("items", {}), schemas, depth + 1)
        return [] if found in ({}, "") else [found]
    plain: dict[Any, Any] = {"string": "", "integer": 1, "number": 1.0, "boolean": True}
    return plain.get(kind, None if kind == "null" else {})
