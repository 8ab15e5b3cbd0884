"""The catalogue of translations is complete, current and compiled.

- It has every text that the command line says, each with its translation, and none that nothing says any more.
- The file that a node reads is the one that people translate, compiled; both are installed with the node.
"""

import gettext
import re

import pytest
from tests.tidy.catalogue import FOLDER, stored, texts


@pytest.fixture(scope="module")
def translations(root):
    return {each.id: each.string for each in stored(root / FOLDER) if each.id}


def test_it_has_every_text_and_no_other(translations):
    assert set(translations) == set(texts()), "run `make translations`"


def test_every_text_is_translated(translations):
    assert not [text for text, translated in translations.items() if not translated]


def test_what_is_compiled_is_what_was_translated(root, translations):
    with (root / FOLDER / "idnode.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert {text: compiled.gettext(text) for text in translations} == translations


def test_what_is_filled_in_is_kept(translations):
    for text, translated in translations.items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", translated))
