"""The engines of the register: one row each.

* A setting names an engine, or is a URL whose scheme does; what names none is told which there are.
* Nothing but `registry/engines.py` imports a class of an engine, apart from the engine's own room and commands that
  work on its files.
"""

import re
from pathlib import Path

import pytest

from idnode.registry.engines import ENGINES, Opening, engine_of, open_register
from idnode.registry.errors import UnknownEngine

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("register", ["embedded", "embedded://"])
async def test_an_engine_is_opened_by_its_name(tmp_path, register):
    opened = await open_register(register, Opening(tmp_path / "register"))
    try:
        assert opened.stats().identifiers == 0
        assert await opened.count(b"88.900") == 0
    finally:
        await opened.close()


@pytest.mark.parametrize("register", ["", "embeded", "carrier-pigeon://user:secret@host/db"])
def test_an_unknown_engine_is_refused_with_those_that_there_are(register):
    with pytest.raises(UnknownEngine) as refused:
        engine_of(register)
    assert all(name in str(refused.value) for name in ENGINES)
    assert "secret" not in str(refused.value)


def test_nobody_else_names_the_class_of_an_engine():
    named = {
        str(path.relative_to(ROOT))
        for room in ("node", "registry", "clients")
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"embedded\.register import", path.read_text(encoding="utf-8"))
        and not path.is_relative_to(ROOT / "registry" / "embedded")
    }
    assert named == {"registry/engines.py"}
