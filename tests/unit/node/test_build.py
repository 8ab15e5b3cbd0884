"""Which core runs is told, and can be forbidden.

* By default the compiled core keeps the register where there is one; `IDNODE_PURE` has Python keep it.
* `IDNODE_PURE=0`, or empty, forbids nothing.
* A core that could not be built is missed in one line; one that was forbidden is not.
"""

import pytest

from idnode.node import build
from idnode.node.settings import Settings
from idnode.registry.embedded.core import default_core


@pytest.mark.parametrize("given", [None, "", "0"])
def test_the_compiled_core_runs_where_there_is_one(monkeypatch, given):
    monkeypatch.delenv("IDNODE_PURE", raising=False)
    if given is not None:
        monkeypatch.setenv("IDNODE_PURE", given)
    assert build.core() == default_core().name


@pytest.mark.parametrize("given", ["1", "yes"])
async def test_python_keeps_the_register_when_it_is_told_to(monkeypatch, tmp_path, given):
    from idnode.node.runtime import Node

    monkeypatch.setenv("IDNODE_PURE", given)
    assert build.core() == "python"
    settings = Settings(data_dir=tmp_path / "data", handle_port=0, http_port=0, admin_port=0)
    node = Node(settings, seed=1)
    await node.start()
    try:
        assert node.report()["core"] == "python"
        assert node.register.capabilities.slots is None
    finally:
        await node.stop()


def test_a_core_that_could_not_be_built_is_missed_in_one_line(monkeypatch):
    monkeypatch.delenv("IDNODE_PURE", raising=False)
    monkeypatch.setattr(build, "core_of", lambda *, pure: "python")
    loss = build.lost()
    assert "compiler" in loss
    assert "\n" not in loss
    monkeypatch.setenv("IDNODE_PURE", "1")
    assert build.lost() is None
