"""The rhythm keeps these promises.

- The load has the mean 1 over a day, and a peak by day that is several times the night's.
- Registrations exceed resolutions four- to ninefold at any time.
- A scan looks up 14 identifiers of one enterprise; the stated share was never issued.
- Batches have 100 to 1,500 items of one enterprise and never more than the ring's identifiers in all.
"""

from random import Random

import pytest

from idnode.registry.datasets.suzhou import rhythm
from idnode.registry.handle.names import prefix_of


def test_the_load_of_a_day_has_the_mean_one():
    loads = [rhythm.load(second) for second in range(0, rhythm.DAY_SECONDS, 60)]
    assert sum(loads) / len(loads) == pytest.approx(1)
    assert max(loads) > 5 * min(loads)


def test_writes_exceed_reads_as_stated():
    for second in range(0, 2 * rhythm.DAY_SECONDS, 600):
        share = rhythm.write_share(second)
        assert 4 <= share / (1 - share) <= 9.01


def test_a_scan_looks_up_linked_identifiers(suzhou):
    scans = rhythm.Scans(suzhou, Random(1))
    never_issued = 0
    for _ in range(400):
        handles = scans.scan()
        assert len(handles) == 14
        assert len({prefix_of(handle) for handle in handles}) == 1
        never_issued += sum(suzhou.rank(handle) is None for handle in handles)
    assert never_issued == pytest.approx(400 * 14 * rhythm.MISSING_SHARE, rel=0.4)


def test_batches_stay_within_their_ring(suzhou):
    batches = rhythm.Batches(suzhou, Random(1), keep=2000)
    seen = set()
    for _ in range(20):
        size = batches.size()
        assert 100 <= size <= 1500
        items = list(batches.batch(size))
        assert len(items) == size
        seen.update(handle for handle, _values in items)
        assert all(suzhou.rank(handle.encode()) is None for handle, _values in items)
        assert all(len(values) >= 7 for _handle, values in items)
    assert len(seen) == 2000


def test_the_same_seed_gives_the_same_traffic(suzhou):
    one, other = (rhythm.Scans(suzhou, Random(5)).scan() for _ in range(2))
    assert one == other
