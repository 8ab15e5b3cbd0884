"""Logging keeps these promises.

- A JSON line is an object with time (UTC), level, logger, message and what was passed as extra.
- Like records within a minute are printed once; their count is printed later, exactly once.
- Records that differ in their template, level or logger never silence each other.
"""

import io
import json
import logging

import pytest

from idnode.node.ops.logs import FOLD_KINDS_MAX, FOLD_SECONDS, configure, report_folded


class _HandClock:
    def __init__(self):
        self.at = 0.0

    def now(self):
        return self.at

    def elapsed(self):
        return self.at


@pytest.fixture
def clock():
    return _HandClock()


@pytest.fixture
def set_up(clock):
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()

    def start(form="console", level="info"):
        return configure(form, level, clock=clock, stream=stream), stream

    yield start
    root.handlers[:], root.level = before


def test_a_json_line_is_an_object_with_the_facts(set_up):
    _, stream = set_up("json")
    logging.getLogger("a.b").warning("bound %s", "x", extra={"port": 7})
    entry = json.loads(stream.getvalue())
    assert entry["message"] == "bound x"
    assert entry["level"] == "warning"
    assert entry["logger"] == "a.b"
    assert entry["port"] == 7
    assert entry["time"].endswith("Z")


def test_a_traceback_stays_inside_its_json_line(set_up):
    _, stream = set_up("json")
    try:
        int("why")
    except ValueError:
        logging.getLogger("a").exception("failed")
    assert "ValueError: invalid" in json.loads(stream.getvalue())["exception"]


def test_a_level_below_the_set_one_is_silent(set_up):
    _, stream = set_up(level="warning")
    logging.getLogger("a").info("x")
    assert not stream.getvalue()


def test_like_records_within_a_minute_are_printed_once(set_up, clock):
    _, stream = set_up()
    for port in range(5):
        logging.getLogger("a").warning("closed %d", port)
        clock.at += 1
    assert stream.getvalue().count("closed") == 1


def test_the_next_like_record_after_the_minute_carries_the_count(set_up, clock):
    _, stream = set_up()
    for _ in range(4):
        logging.getLogger("a").warning("closed")
    clock.at = FOLD_SECONDS
    logging.getLogger("a").warning("closed")
    assert "closed (3 like this in the last minute)" in stream.getvalue()


def test_a_fold_that_went_quiet_says_its_count_once(set_up, clock):
    folding, stream = set_up()
    for _ in range(4):
        logging.getLogger("a").warning("closed")
    report_folded(folding)
    assert "last minute" not in stream.getvalue()
    clock.at = FOLD_SECONDS
    report_folded(folding)
    report_folded(folding)
    assert stream.getvalue().count("3 like this in the last minute: closed") == 1


def test_other_templates_levels_and_loggers_are_not_folded(set_up):
    _, stream = set_up()
    logging.getLogger("a").warning("one")
    logging.getLogger("a").warning("two")
    logging.getLogger("a").error("one")
    logging.getLogger("b").warning("one")
    assert len(stream.getvalue().splitlines()) == 4


def test_more_kinds_than_are_remembered_are_logged_unfolded(set_up):
    _, stream = set_up()
    for kind in range(FOLD_KINDS_MAX):
        logging.getLogger("a").warning(f"kind {kind}")  # noqa: G004  # a template each
    logging.getLogger("a").warning("late")
    logging.getLogger("a").warning("late")
    assert stream.getvalue().count("late") == 2


def test_a_peer_that_left_while_it_was_answered_is_no_error_of_the_node(set_up):
    _, stream = set_up("json")
    for text in ("unable to perform operation on <TCPTransport>; the handler is closed", "other"):
        error = RuntimeError(text)
        logging.getLogger("aiohttp.server").error("Unhandled exception: %s", text, exc_info=error)
    (line,) = stream.getvalue().splitlines()
    assert "other" in line
