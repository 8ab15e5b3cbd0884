"""The UDP generator counts what happened, and charges stalls to the requests they held up.

- Every request is answered, missing or wrong; answers are told apart by response code.
- An answer in several datagrams counts once, and one for another handle is wrong.
- In an open loop with a server that stalls, latency from the plan is larger than from the sending.
"""

import os

import pytest
from benchmarks.native_tools import Server, ToolFailed, echo, load


def test_the_echo_answers_every_request(handles):
    with echo() as server:
        report = load("udp_load", server, handles=handles, requests=2000, window=16, echo=1)
    assert (report.sent, report.answered, report.faults) == (2000, 2000, 0)
    assert report.rate > 0


def test_the_echo_pads_and_answers_in_several_datagrams(handles):
    with echo(size=300, datagrams=3) as server:
        report = load("udp_load", server, handles=handles, requests=300, window=4, echo=3)
    assert (report.answered, report.datagrams, report.bytes) == (300, 900, 270_000)


def test_answers_are_counted_by_response_code(handles, responder):
    found = load("udp_load", responder(), handles=handles, requests=300)
    absent = load("udp_load", responder(code=100), handles=handles, requests=300)
    assert (found.codes, found.faults) == ({1: 300}, 0)
    assert (absent.codes, absent.faults) == ({100: 300}, 0)


def test_an_answer_in_several_datagrams_counts_once(handles, responder):
    report = load("udp_load", responder(data_bytes=1300), handles=handles, requests=200, window=8)
    assert (report.codes, report.datagrams, report.faults) == ({1: 200}, 600, 0)


def test_an_answer_for_another_handle_is_wrong(handles, responder):
    server = responder(handle=b"88.900.1/other")
    report = load("udp_load", server, handles=handles, requests=50)
    assert (report.answered, report.wrong) == (0, 50)


def test_lost_answers_are_missing(handles, responder):
    server = responder(drop=10)
    report = load("udp_load", server, handles=handles, requests=200, timeout=200)
    assert (report.answered, report.missing) == (180, 20)


def test_requests_spread_over_several_source_ports_are_all_answered(handles, responder):
    report = load("udp_load", responder(), handles=handles, requests=300, sockets=4)
    assert report.codes == {1: 300}


def test_a_stall_shows_in_the_corrected_latency_and_hides_in_the_uncorrected(handles, responder):
    server = responder(stall_after=100)
    report = load("udp_load", server, handles=handles, requests=500, rate=500, window=4)
    assert report.answered == 500
    assert report.held > 50
    assert report.latency["max"] >= report.uncorrected["max"]
    assert report.latency["mean"] > report.uncorrected["mean"] + 10_000


def test_without_a_stall_nothing_is_held(handles, responder):
    report = load("udp_load", responder(), handles=handles, requests=100, rate=1000, window=4096)
    assert (report.answered, report.held) == (100, 0)
    assert report.send_lag["count"] == 100


def test_a_missing_file_of_handles_is_told(tmp_path):
    with pytest.raises(ToolFailed, match="nowhere"):
        load("udp_load", Server(9, os.getpid()), handles=tmp_path / "nowhere", requests=1)
