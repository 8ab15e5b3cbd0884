"""The words of the console.

- Each has an English and a Chinese text, with the same facts in both; the Chinese one is Chinese where the English one is words.
- Each is used by a page or a script, and what they use is there.
"""

import re
from importlib.resources import files

import pytest

from idnode.node.faces.console.texts import LANGUAGES, catalogue, section_texts, text_of

ROOM = files("idnode.node.faces.console")
WORDS = [
    (section, name, both) for section, rows in catalogue().items() for name, both in rows.items()
]
USED = re.compile(
    r"[\"'`]((?:common|overview|identifiers|journal|directory|bench|load|tree)\.[a-z_]+)[\"'`]"
)
FAMILIES = re.compile(r"[\"'`]([a-z]+\.[a-z_]*)(?:\$\{|[\"'`] ~)")
FACT = re.compile(r"\{(\w+)\}")


def sources():
    for folder in ("static", "templates"):
        for path in ROOM.joinpath(folder).iterdir():
            if path.name.endswith((".js", ".html")):
                yield path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("section", "name", "both"), WORDS)
def test_each_text_is_there_in_both_languages(section, name, both):
    assert sorted(both) == sorted(LANGUAGES)
    assert all(both.values())
    assert set(FACT.findall(both["en"])) == set(FACT.findall(both["zh"]))


def test_what_pages_use_is_there():
    used = {name for text in sources() for name in USED.findall(text)}
    known = {f"{section}.{name}" for section, name, _ in WORDS}
    assert len(used) > 100
    assert {name for name in used - known if not name.endswith("_")} == set()


def test_each_text_is_used():
    every = list(sources())
    used = {name for text in every for name in USED.findall(text)}
    families = {name for text in every for name in FAMILIES.findall(text)}
    # A page's title and lead, tables of columns, and fields of messages are named by parts.
    families |= {"common.page_", "field."}
    columns = re.compile(r"\[\"([a-z_]+)\"")
    cells = {name for text in every for name in columns.findall(text)}
    unused = [
        f"{section}.{name}"
        for section, name, _ in WORDS
        if f"{section}.{name}" not in used
        and not any(f"{section}.{name}".startswith(family) for family in families)
        and name not in cells | {"title", "lead"}
    ]
    assert unused == []


def test_a_text_has_its_facts():
    assert text_of("en", "bench.saved", name="x") == "x is kept"
    with pytest.raises(KeyError):
        text_of("en", "bench.nothing")
    assert section_texts("zh", "tree")["tree.title"] == "节点树"
