"""Each call as curl, Python and Java, to be copied: with its example, and the Authorization that it needs."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import quote, urlencode

BASE: Final = "http://127.0.0.1:8000"
_METHODS: Final = frozenset({"get", "post", "put", "delete", "patch"})

Schema = dict[str, Any]


def add_samples(document: Schema, base: str = BASE) -> Schema:
    """Add ``x-codeSamples`` to each operation of a document that has its examples; returns the document."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                operation["x-codeSamples"] = _samples(method.upper(), base, path, operation)
    return document


def _samples(method: str, base: str, path: str, operation: Schema) -> list[Schema]:
    url = base + _target(path, operation)
    schemes = [name for each in operation.get("security", ()) for name in each]
    headers = {}
    if schemes:
        basic = "Basic $CREDENTIALS" if schemes[0] == "basic" else "Bearer $TOKEN"
        headers["Authorization"] = basic
    content = operation.get("requestBody", {}).get("content", {})
    body = None
    if "application/json" in content:
        headers["Content-Type"] = "application/json"
        body = content["application/json"].get("example")
    file = "multipart/form-data" in content
    return [
        {"lang": "curl", "label": "curl", "source": _curl(method, url, headers, body, file=file)},
        {
            "lang": "Python",
            "label": "Python",
            "source": _python(method, url, headers, body, file=file),
        },
        {"lang": "Java", "label": "Java", "source": _java(method, url, headers, body, file=file)},
    ]


def _target(path: str, operation: Schema) -> str:
    """Return path and query, filled with examples: what is required, and nothing else."""
    query = []
    for parameter in operation.get("parameters", ()):
        example = parameter.get("example", "")
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", quote(str(example), safe="/"))
        elif parameter.get("required"):
            several = example if isinstance(example, list) else [example]
            query += [(parameter["name"], each) for each in several]
    return f"{path}?{urlencode(query, safe='/')}" if query else path


def _text(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, indent=2)


def _curl(method: str, url: str, headers: Schema, body: Any, *, file: bool) -> str:
    lines = [f"curl -X {method} '{url}'"]
    lines += [f'-H "{name}: {value}"' for name, value in headers.items()]
    if file:
        lines.append("-F file=@licence.jpg")
    if body is not None:
        lines.append("-d '" + _text(body).replace("'", "'\\''") + "'")
    return " \\\n  ".join(lines)


def _python(method: str, url: str, headers: Schema, body: Any, *, file: bool) -> str:
    shown = {
        name: value.replace("$TOKEN", "{token}").replace("$CREDENTIALS", "{credentials}")
        for name, value in headers.items()
    }
    lines = ["import requests", ""]
    named = ", ".join(f'"{n}": {"f" if "{" in v else ""}"{v}"' for n, v in shown.items())
    arguments = [f'"{method}"', f'"{url}"']
    if named:
        arguments.append(f"headers={{{named}}}")
    if file:
        arguments.append('files={"file": open("licence.jpg", "rb")}')
    if body is not None:
        lines += [f"body = {_literal(body)}", ""]
        arguments.append("json=body")
    lines += ["answer = requests.request(", *(f"    {each}," for each in arguments), ")"]
    return "\n".join([*lines, "print(answer.json())"])


def _literal(body: Any) -> str:
    text = _text(body)
    for json_word, word in (("true", "True"), ("false", "False"), ("null", "None")):
        for end in (",", "\n", "]"):
            text = text.replace(f": {json_word}{end}", f": {word}{end}")
    return text


def _java(method: str, url: str, headers: Schema, body: Any, *, file: bool) -> str:
    lines = ["HttpRequest request = HttpRequest.newBuilder()", f'    .uri(URI.create("{url}"))']
    for name, value in headers.items():
        shown = value.replace("$TOKEN", '" + token + "').replace(
            "$CREDENTIALS", '" + credentials + "'
        )
        lines.append(f'    .header("{name}", "{shown}")'.replace(' + "")', ")"))
    if file:
        lines.append('    .header("Content-Type", "multipart/form-data; boundary=" + boundary)')
    publisher = "HttpRequest.BodyPublishers.noBody()"
    if file:
        publisher = "HttpRequest.BodyPublishers.ofByteArray(form)"
    elif body is not None:
        publisher = f'HttpRequest.BodyPublishers.ofString("""\n{_text(body)}""")'
    lines.append(f'    .method("{method}", {publisher})')
    return "\n".join(
        [
            *lines,
            "    .build();",
            "HttpResponse<String> answer = HttpClient.newHttpClient()",
            "    .send(request, HttpResponse.BodyHandlers.ofString());",
            "System.out.println(answer.body());",
        ]
    )
