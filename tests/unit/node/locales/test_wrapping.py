"""Chinese text is wrapped by the columns that it takes on a terminal.

- No line is wider than asked unless it is one word; nothing but blanks is lost.
- No line begins with closing punctuation or ends with an opening one.
"""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from idnode.node.locales.catalogue import chinese
from idnode.node.locales.wrapping import columns, wrapped

TEXT = st.text(st.sampled_from("节点标识，。（）《》：； ab-c1"), max_size=80)


def test_columns_are_those_of_a_terminal():
    catalogue = chinese()
    for text in map(catalogue.gettext, filter(None, catalogue._catalog)):
        for line in text.splitlines():
            assert columns(line) == cell_len(line)


@given(TEXT, st.integers(min_value=20, max_value=60))
def test_nothing_but_blanks_is_lost_and_lines_fit(text, width):
    lines = wrapped(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        assert columns(line) <= width or " " not in line


def test_punctuation_clings_to_its_word():
    assert wrapped("解析一个标识（例如），然后停止。", 14) == [
        "解析一个标识",
        "（例如），然后",
        "停止。",
    ]
    assert wrapped("端口的地址 [默认：data]", 18) == ["端口的地址", "[默认：data]"]


def test_words_of_latin_letters_are_not_broken():
    assert wrapped("运行节点 SIGTERM 停止", 12) == ["运行节点", "SIGTERM 停止"]
