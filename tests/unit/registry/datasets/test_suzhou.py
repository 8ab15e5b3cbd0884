"""The data set keeps these promises.

- 12 nodes, 4,160 enterprises and exactly 6,500,000,000 identifiers, each enterprise's ranks behind the one before.
- `rank(handle(i))` is `i` for any rank, and no two ranks share a handle.
- The same seed gives the same bytes everywhere; another seed gives others.
- Whatever was never issued has no rank.
"""

import hashlib
from itertools import pairwise
from random import Random

import pytest

from idnode.registry.datasets.choice import DatasetUnknown, make, seed_of
from idnode.registry.datasets.suzhou.dataset import Suzhou
from idnode.registry.datasets.suzhou.enterprises import volumes
from idnode.registry.datasets.suzhou.nodes import ENTERPRISES, IDENTIFIERS, NODES

RANKS = 1_000_000
RANKS_OF_ONE = 10_000

GOLDEN = {
    "enterprises": "643443a4b9f91bc6617da22151fe0d75da72ec44ee80428bfaea3d97e1904a25",
    "handles": "e60ddd9353faf896d5364974c6299114254c17ea4f51543724fad985e38b6832",
    "records": "868905f7f394690b5a2d86eee82191b0dd96eb2be4b8a940124bf9efba7b1fab",
}


def _digest(pieces):
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(len(piece).to_bytes(4, "big") + piece)
    return digest.hexdigest()


def _digests(suzhou):
    ranks = range(0, IDENTIFIERS, IDENTIFIERS // 5000)
    handles = [suzhou.handle(rank) for rank in ranks]
    records = []
    for handle in handles:
        prefix, _, suffix = handle.partition(b"/")
        found = suzhou.identifiers(prefix)
        records.append(found.values(found.position(suffix)))
    lines = [
        f"{each.prefix.decode()} {each.name} {each.industry.code} {each.volume}".encode()
        for each in suzhou.enterprises
    ]
    return {
        "enterprises": _digest(lines),
        "handles": _digest(handles),
        "records": _digest(records),
    }


def test_the_totals_are_those_of_suzhou(suzhou):
    assert len(NODES) == 12
    assert sum(node.industry is None for node in NODES) == 5
    assert len(suzhou.enterprises) == ENTERPRISES == 4160
    assert sum(each.volume for each in suzhou.enterprises) == IDENTIFIERS == 6_500_000_000
    assert sorted((each.volume for each in suzhou.enterprises), reverse=True) == list(volumes())


def test_every_node_has_its_enterprises_and_their_identifiers(suzhou):
    start = 0
    for node in NODES:
        mine = [each for each in suzhou.enterprises if each.node is node]
        assert len(mine) == node.enterprises
        assert [each.prefix for each in mine] == [
            b"%b.%d" % (node.prefix, number) for number in range(1, node.enterprises + 1)
        ]
        assert node.industry is None or {each.industry for each in mine} == {node.industry}
        assert mine[0].start == start
        start += sum(each.volume for each in mine)
    assert start == IDENTIFIERS


def test_ranks_follow_each_other_without_a_gap(suzhou):
    for one, following in pairwise(suzhou.enterprises):
        assert one.stop == following.start
        assert suzhou.enterprise_of(one.start) is one
        assert suzhou.enterprise_of(one.stop - 1) is one


def test_names_are_marked_as_examples_and_differ(suzhou):
    names = {each.name for each in suzhou.enterprises}
    assert len(names) == ENTERPRISES
    assert all(name.startswith("示例") for name in names)
    assert all(node.name.startswith("示例") for node in NODES)


def test_a_million_random_ranks_come_back_without_collision(suzhou):
    """Ranks are drawn in runs of distinct ones within an enterprise, drawn by its share."""
    chance = Random(4)
    seen = set()
    for _ in range(RANKS // RANKS_OF_ONE):
        enterprise = suzhou.enterprise_of(chance.randrange(IDENTIFIERS))
        identifiers = suzhou.identifiers(enterprise.prefix)
        at_suffix = len(enterprise.prefix) + 1
        turns = chance.sample(range(enterprise.volume), RANKS_OF_ONE)
        handles = [identifiers.handle(identifiers.position_of_turn(turn)) for turn in turns]
        assert [
            identifiers.turn_of_position(identifiers.position(handle[at_suffix:]))
            for handle in handles
        ] == turns
        assert len(set(handles)) == RANKS_OF_ONE
        seen.add(enterprise.prefix)
    assert len(seen) > 1


def test_ranks_of_the_whole_data_set_come_back_without_collision(suzhou):
    chance = Random(6)
    ranks = [0, IDENTIFIERS - 1, *chance.sample(range(1, IDENTIFIERS - 1), 20_000)]
    handles = [suzhou.handle(rank) for rank in ranks]
    assert [suzhou.rank(handle) for handle in handles] == ranks
    assert len(set(handles)) == len(ranks)


def test_the_same_seed_gives_the_same_bytes_everywhere(suzhou):
    assert _digests(suzhou) == GOLDEN


def test_another_seed_gives_other_bytes(suzhou):
    other = Suzhou(7)
    assert other.handle(0) != suzhou.handle(0)
    assert sum(each.volume for each in other.enterprises) == IDENTIFIERS
    assert other.rank(other.handle(123)) == 123
    handles = suzhou.sample(200, Random(5))
    assert sum(other.rank(handle) is not None for handle in handles) <= 2


def test_spelling_does_not_matter(suzhou):
    for handle in suzhou.sample(50, Random(8)):
        assert suzhou.rank(handle.lower()) == suzhou.rank(handle) is not None


@pytest.mark.parametrize(
    "handle",
    [b"", b"/", b"88.901.1", b"88.901.1/", b"88.900.1/hello", b"88.913.1/1", b"0.NA/88.901.1"],
)
def test_what_was_never_issued_has_no_rank(suzhou, handle):
    assert suzhou.rank(handle) is None


@pytest.mark.parametrize("rank", [-1, IDENTIFIERS])
def test_ranks_end_where_the_identifiers_end(suzhou, rank):
    with pytest.raises(IndexError):
        suzhou.handle(rank)


@pytest.mark.parametrize(("text", "seed"), [("suzhou", None), ("suzhou,seed=7", 7)])
def test_a_choice_names_the_data_set_and_its_seed(text, seed):
    assert seed_of(text) == seed
    assert make(text).seed == (2021 if seed is None else seed)


@pytest.mark.parametrize(
    "text",
    [
        *("", "wuxi", "suzhou,", "suzhou,seed=", "suzhou,seed=-1", "suzhou,x=1"),
        f"suzhou,seed={1 << 64}",
    ],
)
def test_what_names_no_data_set_is_refused(text):
    with pytest.raises(DatasetUnknown):
        seed_of(text)
