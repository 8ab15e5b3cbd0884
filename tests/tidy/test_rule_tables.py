"""The READMEs of the interceptors list every rule and every trap as they are; `python -m idnode.node.rule_tables` does it."""

import pytest

from idnode.node.rule_tables import READMES, written


@pytest.mark.parametrize("language", READMES)
def test_the_tables_are_current(root, language):
    text = (root / "node/interceptors" / READMES[language]).read_text(encoding="utf-8")
    assert text == written(text, language)
    assert text.count("| `W-") > 80
