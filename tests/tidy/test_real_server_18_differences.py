"""The page of differences names each that is kept on purpose, in both languages, and tells no setting that is none.

Both pages have the same tables, row by row, with the same settings and the same figures in them; both READMEs link it.
"""

import re

import pytest

from idnode.node.settings import Settings

PAGES = ("DIFFERENCES.md", "DIFFERENCES.zh.md")
KEPT = {
    "recursion": ("recursion count above 10", "10"),
    "unknown operation": ("unknown operation code", "5"),
    "malformed": ("malformed request", "4"),
    "silence": ("bytes without a readable envelope", ""),
    "open connections": ("TCP connection after an answer", "KPAL"),
    "PEM": ("key in PEM text", "PEM"),
    "ttl": ("ttl that makes no sense", ""),
    "replay": ("answer to a challenge sent twice", "405"),
    "modes": ("session set-up in modes 1 and 3", "3"),
}
WORD = re.compile(r"`([a-z_]{4,})`")
FIGURE = re.compile(r"(?<![\w.])(?:\d{1,3}(?:,\d{3})+|\d{3,})(?![\w.])")


@pytest.fixture(scope="module")
def rows(root):
    def cells(name):
        text = (root / "node/faces/handle" / name).read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]

    return [cells(page) for page in PAGES]


@pytest.mark.parametrize(("words", "mark"), KEPT.values(), ids=KEPT.keys())
def test_18_each_difference_that_is_kept_has_its_row(rows, words, mark):
    english, chinese = rows
    (at,) = [at for at, row in enumerate(english) if row[0].startswith(words)]
    assert mark in " ".join(english[at])
    assert mark in " ".join(chinese[at])


def test_18_both_languages_have_the_same_rows(rows):
    english, chinese = rows
    assert len(english) == len(chinese)
    for one, other in zip(english, chinese, strict=True):
        assert len(one) == len(other)
        assert set(FIGURE.findall(" ".join(one))) == set(FIGURE.findall(" ".join(other)))


def test_18_the_settings_that_change_one_are_settings(rows):
    for page in rows:
        named = {
            word
            for row in page
            if len(row) == 5 or row[-1].startswith("`")
            for word in WORD.findall(row[-1])
        }
        assert named
        assert named <= set(Settings.model_fields)


@pytest.mark.parametrize(
    ("readme", "page"), list(zip(("README.md", "README.zh.md"), PAGES, strict=True))
)
def test_18_the_page_is_linked(root, readme, page):
    assert f"node/faces/handle/{page}" in (root / readme).read_text(encoding="utf-8")
