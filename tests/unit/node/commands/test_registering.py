"""The values that `idnode register` takes are read as its help says: with an index, or the next one."""

import pytest

from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.register import values_of


def _read(*texts):
    return [(value.index, value.type, value.data) for value in values_of(list(texts))]


def test_values_without_an_index_count_on():
    assert _read("URL=https://a", "DESC=b") == [(1, "URL", b"https://a"), (2, "DESC", b"b")]


def test_an_index_is_taken_and_counted_on_from():
    assert _read("7:URL=a", "DESC=b") == [(7, "URL", b"a"), (8, "DESC", b"b")]


def test_data_is_everything_behind_the_first_equals_sign():
    assert _read("URL=https://a/?b=c:d\ne") == [(1, "URL", b"https://a/?b=c:d\ne")]


def test_data_may_be_empty_and_chinese():
    assert _read("A=", "名称=变速箱") == [(1, "A", b""), (2, "名称", "变速箱".encode())]


@pytest.mark.parametrize("text", ["URL", "=data", "", "0:URL=a", "4294967296:URL=a"])
def test_what_is_no_value_is_refused_by_name(text):
    with pytest.raises(CommandFailed) as refusal:
        values_of([text])
    assert repr(text) in str(refusal.value)
