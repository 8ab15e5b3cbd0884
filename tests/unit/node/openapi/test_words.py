"""The document of the HTTP port teaches, in Chinese and English.

- Every member of every model has a meaning and an example; so has every parameter, and every value of an enumeration is named.
- Bounds are written as OpenAPI has them; servers, security, identifiers of calls and examples of answers, good and bad, are there.
- In the Chinese document every call, group and answer is told in Chinese.
- Examples of members, parameters and bodies fit their schemas, and every call has code in three languages.
"""

import json
import re

import jsonschema
import pytest

from idnode.node.faces.http.documentation import openapi
from idnode.node.openapi.samples import examples_in
from idnode.node.openapi.words import CHINESE, ENGLISH, LANGUAGES, example_of

DOCUMENTS = {language: openapi("test", language) for language in LANGUAGES}
CHINESE_LETTER = re.compile("[\u4e00-\u9fff]")
UNDER_EXAMPLES = {"example", "examples", "x-codeSamples"}


def members(node, where):
    """Yield place, name and schema of each member below a part of a document."""
    if isinstance(node, list):
        for each in node:
            yield from members(each, where)
    elif isinstance(node, dict):
        for name, member in (node.get("properties") or {}).items():
            yield where, name, member
        for name, each in node.items():
            if name not in UNDER_EXAMPLES:
                yield from members(each, f"{where}.{name}")


def every_member(language):
    document = DOCUMENTS[language]
    return list(members(document["components"]["schemas"], "")) + list(
        members(document["paths"], "")
    )


def operations(language):
    for item in DOCUMENTS[language]["paths"].values():
        yield from item.values()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_member_has_a_meaning_and_an_example(language):
    found = every_member(language)
    assert len(found) > 500
    undescribed = [(at, name) for at, name, member in found if not member.get("description")]
    unexemplified = [(at, name) for at, name, member in found if "examples" not in member]
    assert (undescribed, unexemplified) == ([], [])


def test_examples_of_members_and_parameters_fit_them():
    document = DOCUMENTS[ENGLISH]
    given = [(name, member, member["examples"][0]) for _, name, member in every_member(ENGLISH)]
    given += [
        (parameter["name"], parameter["schema"], parameter["example"])
        for operation in operations(ENGLISH)
        for parameter in operation.get("parameters", ())
        if "example" in parameter
    ]
    wrong = []
    for name, schema, example in given:
        whole = schema | {"components": document["components"]}
        if not jsonschema.Draft202012Validator(whole).is_valid(example):
            wrong.append((name, example))
    assert wrong == []


def test_every_parameter_has_a_meaning():
    for language in LANGUAGES:
        for operation in operations(language):
            for parameter in operation.get("parameters", ()):
                assert parameter["description"], parameter
                told = CHINESE_LETTER.search(parameter["description"])
                assert bool(told) == (language == CHINESE), parameter


def enumerated(member):
    branches = [member, *member.get("anyOf", ())]
    return [value for branch in branches for value in branch.get("enum", ())]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_of_an_enumeration_is_named(language):
    silent = [
        (name, value)
        for _, name, member in every_member(language)
        for value in enumerated(member)
        if str(value) not in member["description"]
    ]
    assert silent == []


def test_bounds_servers_and_security_are_openapis_own():
    for language, document in DOCUMENTS.items():
        text = json.dumps(document["components"]["schemas"])
        assert not re.search(r'"(ge|le|gt|lt)": -?\d', text)
        assert '"minimum"' in text
        assert document["servers"], language
        assert set(document["components"]["securitySchemes"]) == {"application", "basic", "bearer"}


def test_every_call_has_an_identifier_of_its_own():
    found = [operation["operationId"] for operation in operations(ENGLISH)]
    assert len(set(found)) == len(found)


def test_answers_have_examples_good_and_bad():
    for operation in operations(ENGLISH):
        for status, answer in operation["responses"].items():
            content = answer.get("content", {}).get("application/json")
            if content is not None:
                assert "example" in content or "examples" in content, (operation, status)
    login = DOCUMENTS[ENGLISH]["paths"]["/identity/token"]["post"]["responses"]["200"]
    shown = login["content"]["application/json"]["examples"]
    assert shown["refused"]["value"]["message"] == "用户名/密码错误！"


def test_the_chinese_document_is_chinese():
    document = DOCUMENTS[CHINESE]
    told = [document["info"]["description"], *(tag["name"] for tag in document["tags"])]
    for operation in operations(CHINESE):
        told += [operation["summary"], *(a["description"] for a in operation["responses"].values())]
    assert [text for text in told if not CHINESE_LETTER.search(text)] == []


def test_examples_of_bodies_fit_and_code_is_there():
    document = DOCUMENTS[ENGLISH]
    for operation in operations(ENGLISH):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is not None:
            schema = content["schema"] | {"components": document["components"]}
            for example in examples_in(content):
                jsonschema.validate(example, schema)
        assert [each["lang"] for each in operation["x-codeSamples"]] == ["curl", "Python", "Java"]
        python = operation["x-codeSamples"][1]["source"]
        compile(python, operation["operationId"], "exec")


def test_an_example_of_a_deep_schema_ends():
    assert example_of({"$ref": "#/a/Loop"}, {"Loop": {"$ref": "#/a/Loop"}}) == {}
