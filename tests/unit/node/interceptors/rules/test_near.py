"""Near misses of batches keep these promises.

- Each template that an item names and that is not there is told once, with those that there are.
- Items whose template is there are not mentioned; bodies that are cut, or no list of items, lead to nothing.
"""

import json

import pytest

from idnode.node.interceptors.rules.near import near_templates_of_batch

TEMPLATES = [("88.900.1", "gear1.2"), ("88.900.1", "pump"), ("88.900.2", "gear1.1")]


def item(version, handle="88.900.1/a"):
    return {"handle": handle, "templateVersion": version, "value": []}


def test_versions_that_there_are_of_the_same_prefix_are_named():
    body = json.dumps([item("gear1.1"), item("pump"), item("gear1.1", "88.900.1/b")])
    absent, present = near_templates_of_batch(body, TEMPLATES)
    assert absent.zh == "模板 88.900.1 gear1.1 不存在。"
    assert "88.900.1 gear1.1" in absent.en
    assert present.names == ("gear1.2",)


def test_a_prefix_without_templates_is_told():
    absent, present = near_templates_of_batch(json.dumps([item("x", "88.900.3/a")]), TEMPLATES)
    assert "88.900.3 x" in absent.en
    assert present.names == ()


def test_at_most_three_are_told():
    body = json.dumps([item(f"none-{n}") for n in range(50)])
    assert len(near_templates_of_batch(body, TEMPLATES)) == 6


@pytest.mark.parametrize(
    "body",
    [
        json.dumps([item("pump")]),
        json.dumps([item("PUMP"), 7, None, {}, item(3), {"handle": 9, "templateVersion": "x"}])[:9],
        "{}",
        "",
        '[7, null, {}, {"handle": 9, "templateVersion": "x"}]',
    ],
)
def test_nothing_is_told_where_nothing_is_missed(body):
    assert near_templates_of_batch(body, TEMPLATES) == []
