"""Each call as curl, Python and Java, to be copied: with its example, and the Authorization that it needs."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

BASE: Final = "http://127.0.0.1:8000"
_METHODS: Final = frozenset({"get", "post", "put", "delete", "patch"})

NODE: Final = "301%3A0.NA%2F88.900"
ENTERPRISE: Final = "301%3A0.NA%2F88.900.1"
"""Users of Basic: the administrators of the node and of the demo enterprise."""
DEMO: Final = "idnode-demo"
"""What both have until somebody sets another."""
_OF_THE_NODE: Final = frozenset({"/api/prefixes"})

Schema = dict[str, Any]


class _Call(NamedTuple):
    """A call to be written down; ``user`` is that of Basic, if it takes one."""

    method: str
    url: str
    headers: Schema
    body: Any
    file: bool
    user: str | None


def add_samples(document: Schema, base: str = BASE) -> Schema:
    """Add ``x-codeSamples`` to each operation of a document that has its examples; returns the document."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                operation["x-codeSamples"] = _samples(method.upper(), base, path, operation)
    return document


def _samples(method: str, base: str, path: str, operation: Schema) -> list[Schema]:
    url = base + _target(path, operation)
    security = operation.get("security", ())
    schemes = [name for each in security for name in each]
    # Who need not say who asks is not shown to.
    scheme = schemes[0] if schemes and {} not in security else None
    user = (NODE if path in _OF_THE_NODE else ENTERPRISE) if scheme == "basic" else None
    headers = {}
    if scheme not in {None, "basic"}:
        headers["Authorization"] = "Bearer $TOKEN"
    content = operation.get("requestBody", {}).get("content", {})
    body = None
    if "application/json" in content:
        headers["Content-Type"] = "application/json"
        body = examples_in(content["application/json"])[0]
    call = _Call(method, url, headers, body, "multipart/form-data" in content, user)
    return [
        {"lang": name, "label": name, "source": write(call)}
        for name, write in (("curl", _curl), ("Python", _python), ("Java", _java))
    ]


def examples_in(content: Schema) -> list[Any]:
    """Return the examples of a body, of which a call that does one of several things has one each."""
    if "examples" in content:
        return [each["value"] for each in content["examples"].values()]
    return [content.get("example")]


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


def _curl(call: _Call) -> str:
    lines = [f"curl -X {call.method} '{call.url}'"]
    if call.user is not None:
        lines.append(f"-u '{call.user}:{DEMO}'")
    lines += [f'-H "{name}: {value}"' for name, value in call.headers.items()]
    if call.file:
        lines.append("-F file=@licence.jpg")
    if call.body is not None:
        lines.append("-d '" + _text(call.body).replace("'", "'\\''") + "'")
    return " \\\n  ".join(lines)


def _python(call: _Call) -> str:
    shown = {name: value.replace("$TOKEN", "{token}") for name, value in call.headers.items()}
    lines = ["import requests", ""]
    named = ", ".join(f'"{n}": {"f" if "{" in v else ""}"{v}"' for n, v in shown.items())
    arguments = [f'"{call.method}"', f'"{call.url}"']
    if call.user is not None:
        arguments.append(f'auth=("{call.user}", "{DEMO}")')
    if named:
        arguments.append(f"headers={{{named}}}")
    if call.file:
        arguments.append('files={"file": open("licence.jpg", "rb")}')
    if call.body is not None:
        lines += [f"body = {_literal(call.body)}", ""]
        arguments.append("json=body")
    lines += ["answer = requests.request(", *(f"    {each}," for each in arguments), ")"]
    return "\n".join([*lines, "print(answer.json())"])


def _literal(body: Any) -> str:
    text = _text(body)
    for json_word, word in (("true", "True"), ("false", "False"), ("null", "None")):
        for end in (",", "\n", "]"):
            text = text.replace(f": {json_word}{end}", f": {word}{end}")
    return text


def _java(call: _Call) -> str:
    lines = ["HttpRequest request = HttpRequest.newBuilder()"]
    if call.user is not None:
        lines = [
            f'String credentials = "{call.user}:{DEMO}";',
            *lines,
        ]
    lines.append(f'    .uri(URI.create("{call.url}"))')
    if call.user is not None:
        encoded = "Base64.getEncoder().encodeToString(credentials.getBytes())"
        lines.append(f'    .header("Authorization", "Basic " + {encoded})')
    for name, value in call.headers.items():
        shown = value.replace("$TOKEN", '" + token + "')
        lines.append(f'    .header("{name}", "{shown}")'.replace(' + "")', ")"))
    if call.file:
        lines.append('    .header("Content-Type", "multipart/form-data; boundary=" + boundary)')
    publisher = "HttpRequest.BodyPublishers.noBody()"
    if call.file:
        publisher = "HttpRequest.BodyPublishers.ofByteArray(form)"
    elif call.body is not None:
        publisher = f'HttpRequest.BodyPublishers.ofString("""\n{_text(call.body)}""")'
    lines.append(f'    .method("{call.method}", {publisher})')
    return "\n".join(
        [
            *lines,
            "    .build();",
            "HttpResponse<String> answer = HttpClient.newHttpClient()",
            "    .send(request, HttpResponse.BodyHandlers.ofString());",
            "System.out.println(answer.body());",
        ]
    )
