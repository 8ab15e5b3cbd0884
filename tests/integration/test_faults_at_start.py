"""A node that starts with faults from a file.

- They are in force from the start; a mistake in the file stops it, and says where.
"""

import pytest

from idnode.node.runtime import Node
from idnode.node.settings import Settings, SettingsRefused


async def test_a_file_with_a_mistake_stops_the_start(tmp_path):
    file = tmp_path / "faults.toml"
    file.write_text('[[faults]]\nname = "a"\n', encoding="utf-8")
    settings = Settings(
        data_dir=tmp_path / "data", handle_port=0, http_port=0, admin_port=0, faults=file
    )
    with pytest.raises(SettingsRefused, match="a: action"):
        Node(settings, seed=1)
    file.write_text('[[faults]]\nname = "a"\naction = { kind = "drop" }\n', encoding="utf-8")
    assert [each.name for each in Node(settings, seed=1).observation.injector.faults] == ["a"]
