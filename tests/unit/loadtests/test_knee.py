"""The knee, and what it means.

- Rates are doubled until one breaks, then bisected to a tenth; what breaks once is asked again.
- Where Locust was the limit that is said, and no knee.
- The table has what each peak factor asks for, and the nodes and cores that it takes, with room left.
"""

import json
import os

import pytest

from idnode.loadtests import run
from idnode.loadtests.knee import Probe, search
from idnode.loadtests.sizing import Capacity, as_text, capacity_of, sizes
from idnode.loadtests.vitals import processor_seconds, processor_seconds_of


def probed(rate, *, code=0, doubts=(), cores=1.5):
    operations = [
        {"operation": "resolve", "items": rate * 9},
        {"operation": "resolve batch", "items": rate},
        {"operation": "register batch", "items": rate * 20},
    ]
    result = {
        "exit_code": code,
        "doubts": list(doubts),
        "verdict": "PASSED" if code == 0 else "FAILED: a threshold did not hold",
        "seconds": 10.0,
        "operations": operations,
        "all": {"corrected_ms": {"p99": 12.0}},
    }
    return Probe(rate, result, cores)


@pytest.mark.parametrize("limit", [13, 90, 200, 777, 12_345])
def test_the_knee_is_found_to_a_tenth(limit):
    asked = []

    def probe(rate):
        asked.append(rate)
        return probed(rate, code=int(rate > limit))

    knee = search(probe, start=200)
    assert knee.kept.rate <= limit < knee.broken.rate <= knee.kept.rate * 1.1
    assert knee.is_of_the_node
    assert len(asked) < 30


def test_what_breaks_once_is_asked_again():
    asked = []

    def probe(rate):
        asked.append(rate)
        return probed(rate, code=int(rate > 1000 or asked.count(rate) == 1))

    assert search(probe, start=200).kept.rate > 900


def test_nothing_that_holds_is_no_knee():
    knee = search(lambda rate: probed(rate, code=1), start=200)
    assert knee.kept is None
    assert "NO KNEE" in as_text(knee)


def test_locust_as_the_limit_is_said_and_is_no_knee():
    knee = search(
        lambda rate: probed(rate, code=4 * (rate > 500), doubts=["busy"] * (rate > 500)), start=200
    )
    assert not knee.is_of_the_node
    text = as_text(knee)
    assert "AT LEAST" in text
    assert "(Locust: busy)" in text


def test_a_node_takes_what_it_took_at_its_knee():
    assert capacity_of(probed(100)) == Capacity(100.0, 200.0, 1.5)


def test_the_table_leaves_room_and_the_scarcer_capacity_decides():
    mean = {size.peak: size for size in sizes(Capacity(1000, 1000, 1.5))}
    assert mean[1].resolutions == pytest.approx(168.06, abs=0.01)
    assert mean[1].registrations == pytest.approx(206.11, abs=0.01)
    assert (mean[1].nodes, mean[1].cores) == (1, 1)
    # 2,061 registrations of 600 that a node is to take: 3.4 nodes, each with 1.5 cores.
    assert (mean[10].nodes, mean[10].cores) == (4, 6)
    more = {size.peak: size for size in sizes(Capacity(1000, 100_000, None))}[10]
    assert (more.nodes, more.cores) == (3, None)


def test_a_load_without_registrations_is_sized_by_resolutions():
    assert [size.nodes for size in sizes(Capacity(1000, 0, 1.0))][:2] == [1, 1]
    assert list(sizes(Capacity(0, 0, 1.0))) == []


def test_the_text_has_probes_knee_and_table():
    text = as_text(search(lambda rate: probed(rate, code=int(rate > 800)), start=200))
    assert "KNEE: 800 arrivals a second" in text
    assert "| 200 | 12.0 | 1.50 | PASSED |" in text
    assert (
        "| peak over mean | resolutions a second | registrations a second | nodes | cores in all |"
        in text
    )


def test_processor_time_of_a_process_is_read():
    assert processor_seconds_of(os.getpid()) == pytest.approx(processor_seconds(), abs=0.5)
    assert processor_seconds_of(None) is None


@pytest.mark.parametrize(
    ("limit", "doubts", "code", "said"),
    [
        (450, [], 0, "KNEE: 4"),
        (450, ["late"], 4, "AT LEAST 4"),
        (0, [], 1, "NO KNEE"),
        (0, ["late"], 3, "NOTHING IS KNOWN"),
    ],
)
def test_the_command_prints_the_knee_and_ends_with_its_code(  # a row
    monkeypatch, capsys, tmp_path, limit, doubts, code, said
):
    def load(_profile, command, out, *, quiet):
        rate = float(command[command.index("--rate") + 1])
        found = probed(rate, code=int(rate > limit), doubts=doubts if rate > limit else ())
        (out / "result.json").write_text(json.dumps(found.result))
        return found.result["exit_code"] if quiet else None

    monkeypatch.setattr(run, "_load", load)
    server = ["127.0.0.1", 2641]
    ready = {"pid": os.getpid(), "handle_tcp": server, "handle_udp": server, "http": "http://h"}
    (tmp_path / "ready.json").write_text(json.dumps(ready))
    arguments = ["knee", "--ready-file", str(tmp_path / "ready.json"), "--out", str(tmp_path)]
    assert run.main(arguments) == code
    text = capsys.readouterr().out
    assert said in text
    assert (tmp_path / "knee/knee.md").read_text() in text
    if limit:
        assert "| peak over mean |" in text
