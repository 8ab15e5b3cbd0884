"""Which identifiers are asked for.

- Uniform, Zipf and scan choose as their names say, over small spaces and over 6.5 billion alike.
- The same seed asks for the same identifiers.
- The share of missing names is as asked, none of them exists, and the data set has never issued them.
"""

from collections import Counter
from itertools import pairwise
from math import log10
from random import Random

import pytest

from idnode.loadtests.keys import Keys, Scan, Uniform, WrittenSpace, Zipf, missing_name
from idnode.registry.datasets.choice import make

BILLIONS = 6_500_000_000


def ranks(choice, count=20_000):
    return [choice.rank() for _ in range(count)]


def test_uniform_covers_everything_alike():
    counts = Counter(ranks(Uniform(20, Random(1))))
    assert sorted(counts) == list(range(20))
    assert max(counts.values()) < 1.2 * min(counts.values())


def test_uniform_reaches_both_ends_of_billions():
    found = ranks(Uniform(BILLIONS, Random(1)))
    assert min(found) < BILLIONS / 1000
    assert max(found) > BILLIONS - BILLIONS / 1000


def test_a_scan_goes_on_one_by_one_and_around():
    found = ranks(Scan(7, Random(1)), 16)
    assert all((before + 1) % 7 == after for before, after in pairwise(found))
    assert set(found) == set(range(7))


@pytest.mark.parametrize("exponent", [0.7, 1.0, 1.3, 2.0])
def test_zipf_has_the_frequencies_of_its_law(exponent):
    size, draws = 50, 60_000
    choice = Zipf(size, Random(5), exponent=exponent)
    counts = Counter(choice.popularity() for _ in range(draws))
    weights = [(place + 1) ** -exponent for place in range(size)]
    for place in range(8):
        expected = draws * weights[place] / sum(weights)
        assert counts[place] == pytest.approx(expected, abs=5 * expected**0.5)
    assert set(counts) <= set(range(size))


def test_zipf_over_billions_prefers_few_and_reaches_far():
    choice = Zipf(BILLIONS, Random(5), exponent=1.1)
    places = [choice.popularity() for _ in range(20_000)]
    counts = Counter(places)
    # Of exponent 1.1 the sum over all places is about 9.5, so the first has a good tenth.
    assert 0.07 < counts[0] / len(places) < 0.14
    assert log10(max(places)) > 8


def test_zipf_scatters_the_popular_ones_and_hits_every_rank():
    choice = Zipf(1000, Random(5), exponent=1.0)
    scattered = {choice._factor * place % 1000 for place in range(1000)}
    assert scattered == set(range(1000))
    top = [place * choice._factor % 1000 for place in range(3)]
    assert max(top) - min(top) > 3


def test_a_space_of_one_has_one_rank():
    assert {*ranks(Zipf(1, Random(5), exponent=1.1), 50), *ranks(Uniform(1, Random(5)), 50)} == {0}


def keys(seed=1, missing_percent=10.0, size=1000):
    chance = Random(seed)
    return Keys(
        WrittenSpace("88.900.1", size),
        Uniform(size, chance),
        chance,
        missing_percent=missing_percent,
    )


def test_the_same_seed_asks_for_the_same():
    first, second = keys(), keys()
    assert [first.next() for _ in range(100)] == [second.next() for _ in range(100)]


def test_the_share_of_missing_names_is_as_asked():
    asked = keys()
    found = [asked.next() for _ in range(20_000)]
    assert sum(not exists for _, exists in found) == pytest.approx(2000, abs=200)


def test_names_said_to_be_missing_are_in_no_space():
    space = WrittenSpace("88.900.1", 1000)
    written = {space.handle(rank) for rank in range(1000)}
    asked = keys(missing_percent=50.0)
    assert all(
        (handle in written) is exists for handle, exists in (asked.next() for _ in range(500))
    )
    assert len(written) == 1000


def test_without_a_share_nothing_is_missing():
    asked = keys(missing_percent=0.0)
    assert all(exists for _, exists in (asked.next() for _ in range(500)))


def test_the_data_set_has_never_issued_a_missing_name():
    dataset, chance = make("suzhou"), Random(1)
    for rank in ranks(Uniform(dataset.count, chance), 500):
        handle = dataset.handle(rank)
        assert dataset.rank(handle) == rank
        assert dataset.rank(missing_name(handle)) is None
