"""Reading JSON leniently keeps these promises.

- Plain JSON means what it means to any reader, and numbers keep the form in which they were written.
- What the reference server's parser takes besides is taken; the rest is refused with its words and place.
- Whatever the text, the reader returns or refuses: never another error, never for long.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.registry.handle.lenient_json import (
    DEPTH_MAX,
    LENIENT_VALUES_MAX,
    JsonNumber,
    MalformedJsonText,
    read,
    shown,
)

N = JsonNumber
PREFIX = "com.google.gson.JsonSyntaxException: "
MALFORMED = PREFIX + "com.google.gson.stream.MalformedJsonException: "

TAKEN = {
    "{'a': 'x', b: y}": {"a": "x", "b": "y"},
    '{"a"=1;"b"=>2}': {"a": N("1"), "b": N("2")},
    "[1;2,3]": [N("1"), N("2"), N("3")],
    "[1,,2,]": [N("1"), None, N("2"), None],
    "[,]": [None, None],
    "# a\n// b\r\n/* c\n */ [1] # d": [N("1")],
    "\ufeff{}": {},
    ")]}'\n[]": [],
    "[1.0, 1e3, -0, 12345678901234567890]": [
        N("1.0"),
        N("1e3"),
        N("-0"),
        N("12345678901234567890"),
    ],
    "[TRUE, Null, false]": [True, None, False],
    "[NaN, -Infinity, 01, .5, 1.]": ["NaN", "-Infinity", "01", ".5", "1."],
    "['it\\'s', 'a\\u00e9', '\\ud83d\\ude00', '\\x']": ["it's", "aé", "😀", "x"],
    '["a\nb\x01"]': ["a\nb\x01"],
    "": None,
    "  // nothing": None,
    "null and more": None,
    '{"a":1,"a":2}': {"a": N("2")},
}

REFUSED = {
    "[1": PREFIX + "java.io.EOFException: End of input at line 1 column 3 path $[0]",
    '{"values":[{"a":': PREFIX
    + "java.io.EOFException: End of input at line 1 column 17 path $.values[0].a",
    "{a:1,}": MALFORMED + "Expected name at line 1 column 6 path $.a",
    '{"a" 1}': MALFORMED + "Expected ':' at line 1 column 7 path $.a",
    '{"a":}': MALFORMED + "Expected value at line 1 column 6 path $.a",
    "[1 2]": MALFORMED + "Unterminated array at line 1 column 5 path $[0]",
    '{"a":1]': MALFORMED + "Unterminated object at line 1 column 8 path $.a",
    "\n 'abc": MALFORMED + "Unterminated string at line 2 column 6 path $",
    "/* x": MALFORMED + "Unterminated comment at line 1 column 1 path $",
    "['\\u12g4']": PREFIX + "java.lang.NumberFormatException: \\u12g4 at line 1 column 5 path $[0]",
    "1 2": PREFIX + "Did not consume the entire document.",
    "[" * 5000: MALFORMED + "Nesting too deep",
    "[" * 5000 + "]" * 5000: MALFORMED + "Nesting too deep",
    "[" + "'x'," * LENIENT_VALUES_MAX + "]": MALFORMED + "Too many values",
}


@pytest.mark.parametrize(("text", "found"), TAKEN.items(), ids=repr)
def test_what_the_reference_server_takes_is_taken(text, found):
    assert read(text) == found
    assert types_of(read(text)) == types_of(found)


def types_of(found):
    if isinstance(found, dict):
        return {name: types_of(item) for name, item in found.items()}
    return [types_of(item) for item in found] if isinstance(found, list) else type(found)


@pytest.mark.parametrize(("text", "message"), REFUSED.items(), ids=lambda text: repr(text[:40]))
def test_what_it_refuses_is_refused_with_its_words(text, message):
    with pytest.raises(MalformedJsonText) as refused:
        read(text)
    assert str(refused.value).startswith(message)


def test_the_deepest_nesting_is_the_same_both_ways():
    plain, lenient = "[" * DEPTH_MAX + "]" * DEPTH_MAX, "[" * DEPTH_MAX + "x" + "]" * DEPTH_MAX
    assert read(plain) == json.loads(plain)
    assert read(lenient)


plain_values = st.recursive(
    st.none() | st.booleans() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(plain_values)
def test_plain_json_is_read_alike_by_both_readers(value):
    text = json.dumps(value, ensure_ascii=False)
    assert read(text) == value
    # A comment sends the same text through the lenient reader.
    assert read(text + " #") == value
    assert len(shown(value)) <= 64


@given(st.text(alphabet="{}[]:,;='\"\\/#*u0a1 \n") | st.text())
def test_whatever_the_text_it_is_read_or_refused(text):
    try:
        read(text)
    except MalformedJsonText as error:
        str(error).encode()
