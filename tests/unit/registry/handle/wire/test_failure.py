"""Body of an error answer.

* Texts read back; an empty body and an empty text mean the same.
* Broken UTF-8 is shown, not raised; a length past the end is refused.
"""

import pytest

from idnode.registry.handle.wire.errors import FieldTooShort
from idnode.registry.handle.wire.failure import decode_failure, encode_failure


@pytest.mark.parametrize("text", ["", "That prefix doesn't live here", "标识不存在"])
def test_a_text_reads_back(text):
    assert decode_failure(encode_failure(text)) == text


def test_an_error_without_a_text_still_has_its_length():
    assert encode_failure() == b"\0\0\0\0"
    assert decode_failure(b"") == ""


def test_broken_text_is_shown():
    assert decode_failure(b"\0\0\0\x02\xffx") == "\N{REPLACEMENT CHARACTER}x"
    assert decode_failure(encode_failure("\ud800")) == "?"


def test_a_length_past_the_end_is_refused():
    with pytest.raises(FieldTooShort):
        decode_failure(b"\0\0\0\x05abc")
