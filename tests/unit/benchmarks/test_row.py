"""A row compares what was measured in pairs.

- The figure is the median, the ratio the median of the pairs, not the ratio of the medians.
- Without a peer there is no ratio.
- The command line refuses benchmarks that do not exist, and quick runs measure less.
"""

import pytest
from benchmarks.row import Row
from benchmarks.run import arguments, config_of
from benchmarks.table import table_of


def test_the_ratio_is_the_median_of_the_pairs():
    row = Row("x", ours=(10, 100, 30), peer="p", peers=(20, 100, 90))
    assert (row.our_figure, row.peer_figure, row.ratio) == (30, 90, 0.5)


def test_without_a_peer_there_is_no_ratio():
    row = Row("x", ours=(10,))
    assert row.ratio is None
    assert row.as_json()["peer_figure"] is None
    assert table_of([row], "").row_count == 1


def test_an_unknown_benchmark_is_refused(capsys):
    with pytest.raises(SystemExit):
        arguments(["nothing"])
    assert "no such benchmark: nothing" in capsys.readouterr().err


def test_a_quick_run_measures_less():
    quick, full = config_of(arguments(["--quick"])), config_of(arguments([]))
    assert quick.repetitions < full.repetitions
    assert quick.identifiers < full.identifiers
