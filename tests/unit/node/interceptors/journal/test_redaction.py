"""What the journal keeps of a body keeps these promises.

- A body without any name of a secret is kept as it came, to the last blank.
- A secret whose name is written by numbers, or in another encoding of JSON, is withheld like any other.
"""

import json

import pytest

from idnode.node.interceptors.journal.redaction import WITHHELD, redacted_body

JSON = "application/json"


@pytest.mark.parametrize(
    "body",
    [
        b'{ "handle" : "88.900.1/x",\r\n  "values": [] }',
        '{"name": "苏州"}'.encode(),
        b'{"a": 1, "a": 2}',
        b"no JSON at all",
    ],
)
def test_a_body_without_a_secret_is_kept_as_it_came(body):
    assert redacted_body(body, JSON) == body.decode()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_another_encoding_hides_no_secret(encoding):
    body = json.dumps({"password": "Zq-marker"}).encode(encoding)
    kept = redacted_body(body, JSON)
    assert "Zq-marker" not in kept.replace("\0", "")


def test_characters_by_number_hide_no_secret():
    body = rb'{"\u0070assword": "Zq-marker", "other": 1}'
    assert json.loads(redacted_body(body, JSON)) == {"password": WITHHELD, "other": 1}
