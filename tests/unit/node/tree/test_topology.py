"""A topology hangs together, or is refused with the reason; Suzhou's is as it was.

Twelve secondary nodes with 4,160 enterprises and 6.5 billion identifiers, each of which exactly one node serves.
"""

import pytest

from idnode.node.defaults import SettingsRefused
from idnode.node.settings import Settings
from idnode.node.tree.derive import dataset_of, settings_of
from idnode.node.tree.topology import read_topology
from idnode.registry.datasets.choice import make_share

TOP = '[[node]]\nname = "top"\nrole = "national"\nprefix = "88"\n'
BELOW = '[[node]]\nname = "below"\nrole = "secondary"\nprefix = "88.950"\n'


def read(tmp_path, text):
    path = tmp_path / "tree.toml"
    path.write_text(text)
    return read_topology(path)


def test_suzhou_is_as_it_was():
    topology = read_topology(None)
    nodes = [node for node in topology.node if node.role == "secondary"]
    assert (len(nodes), sum(node.industry == "综合" for node in nodes)) == (12, 5)
    shares = [
        make_share(dataset) for node in topology.node if (dataset := dataset_of(topology, node))
    ]
    prefixes = [each.prefix for share in shares for each in share.enterprises]
    assert (len(prefixes), len(set(prefixes))) == (4160, 4160)
    assert sum(share.count for share in shares) == 6_500_000_000
    (recursive,) = (node for node in topology.node if node.role == "recursive")
    assert recursive.handle_port == 3641


def test_each_node_has_its_part_of_the_settings(tmp_path):
    topology = read(
        tmp_path,
        'dataset = "suzhou"\n'
        + TOP
        + BELOW.replace("88.950", "88.912")
        + "settings = {journal_entries = 7}\n",
    )
    base = Settings(data_dir=tmp_path, target_registrations=6.5e9)
    found = settings_of(topology, topology.named("below"), base)
    assert found.data_dir == tmp_path / "nodes" / "below"
    assert (found.prefix, found.name, found.role) == ("88.912", "below", "secondary")
    assert (found.dataset, found.journal_entries) == ("suzhou,only=88.912", 7)
    assert found.target_registrations == pytest.approx(make_share("suzhou,only=88.912").count)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (TOP + TOP, "two nodes have the name top"),
        (TOP + BELOW + BELOW.replace("below", "b"), "two nodes have the prefix 88.950"),
        (BELOW, "node below needs one national node as its parent"),
        (TOP + BELOW.replace("88.950", "99.1"), "is not below 88"),
        (TOP + BELOW + 'parent = "none"\n', "needs 'none' as a national node"),
        (TOP + '[[node]]\nname = "x"\nrole = "secondary"\n', "node x has no prefix"),
        (TOP + BELOW + BELOW.replace("below", "b") + 'hash = "prefix"\n', "one `hash`"),
        (TOP.replace("top", "Top!"), "name"),
        (TOP + "colour = 1\n", "colour"),
        ('dataset = "paris"\n' + TOP, "there is no data set 'paris'"),
        ("", "node"),
        ("[[", "not valid TOML"),
    ],
)
def test_what_does_not_hang_together_is_refused(tmp_path, text, why):
    with pytest.raises(SettingsRefused, match=why):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SettingsRefused, match="cannot read"):
        read_topology(tmp_path / "none.toml")


@pytest.mark.parametrize("wrong", ["{port = 1}", '{data_dir = "x"}', "{journal_entries = 0}"])
def test_settings_that_a_node_cannot_have_are_refused(tmp_path, wrong):
    topology = read(tmp_path, f"{TOP}settings = {wrong}\n")
    with pytest.raises(SettingsRefused, match="node top"):
        settings_of(topology, topology.node[0], Settings(data_dir=tmp_path))
