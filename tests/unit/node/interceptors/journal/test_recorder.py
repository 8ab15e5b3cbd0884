"""The journal keeps these promises, whatever the node.

- It keeps what is refused, malformed, spoilt by a fault, or writes; in mode ``all`` also the rest.
- Entries are bounded by number and by bytes; what made room is counted.
- One INFO line tells of a refused request with its id; a flood is sampled, and the others are counted.
- Further messages of one answer are counted, and leave one entry.
"""

import logging

import pytest

from idnode.node.interceptors.actions import Send
from idnode.node.interceptors.exchange import FAULT, Exchange, HttpAnswer, HttpRequest
from idnode.node.interceptors.journal.recorder import ALL, LINES_A_SECOND, Journal
from idnode.node.interceptors.journal.ring import Ring
from idnode.node.interceptors.rules.catalogue import Catalogue
from idnode.node.service import events
from idnode.node.service.errors import ServiceReferral
from idnode.registry.errors import HandleNotFound


class Clock:
    def __init__(self):
        self.seconds = 100.0

    def now(self):
        return 1_800_000_000.0 + self.seconds

    def elapsed(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def journal(clock):
    return Journal(Ring(entries_max=5), clock, Catalogue().explain)


def exchange(*, error=None, operation=events.RESOLVE, status=200, body=b"{}", code=None):
    made = Exchange("handle_json", HttpRequest("GET", "/api/handles/a/b", {}), started=99.5)
    made.error, made.operation, made.response_code = error, operation, code
    made.answer = HttpAnswer(status, (("Content-Type", "application/json"),), body)
    return made


def pass_through(journal, made):
    plan = (Send(made.answer),)
    assert journal.reply(made, plan) == plan


@pytest.mark.parametrize(
    ("made", "kept"),
    [
        (exchange(), 0),
        (exchange(error=HandleNotFound("x")), 1),
        (exchange(status=404), 1),
        (exchange(code=100), 1),
        (exchange(operation=events.CREATE), 1),
    ],
)
def test_it_keeps_what_is_refused_or_writes(journal, made, kept):
    pass_through(journal, made)
    assert len(journal.ring) == kept


def test_it_keeps_all_if_told_so(journal):
    journal.mode = ALL
    assert journal.sees_plain_successes
    pass_through(journal, exchange())
    (entry,) = journal.ring
    assert entry.why is None
    assert entry.seconds == pytest.approx(0.5)


def test_what_leaves_is_kept_when_a_fault_strikes(journal):
    made = exchange(operation=events.CREATE, code=1)
    made.notes[FAULT] = "late"
    journal.reply(made, (Send(HttpAnswer(504, (), b"")),))
    (entry,) = journal.ring
    assert (entry.fault, entry.status, entry.code) == ("late", 504, 1)
    assert entry.why.rule == "W-FAULT"
    dropped = exchange()
    dropped.notes[FAULT] = "lost"
    journal.reply(dropped, ())
    assert list(journal.ring)[-1].answer is None


def test_entries_are_bounded_and_what_made_room_is_counted(journal, clock):
    for _ in range(7):
        pass_through(journal, exchange(status=404))
    ring = journal.ring
    assert (len(ring), ring.lost, ring.last_number) == (5, 2, 7)
    assert [entry.number for entry in ring] == [3, 4, 5, 6, 7]
    small = Journal(Ring(bytes_max=10_000), clock, Catalogue().explain)
    for _ in range(7):
        pass_through(small, exchange(status=404, body=b'"' + b"x" * 2_000 + b'"'))
    assert small.ring.bytes <= 10_000
    assert small.ring.lost + len(small.ring) == 7
    assert small.ring.lost


def test_a_malformed_request_without_an_answer_is_kept_and_amended_by_one(journal):
    made = Exchange("handle_udp", b"short", started=99.5)
    journal.malformed(made, HandleNotFound("x"))
    (entry,) = journal.ring
    assert entry.answer is None
    made.answer, made.response_code = b"answer", 4
    journal.reply(made, (Send(b"answer"),))
    journal.reply(made, (Send(b"answer"),))
    (entry,) = journal.ring
    assert (entry.answers, entry.code) == (2, 4)
    assert entry.answer.length == len(b"answer")


def test_one_line_for_each_refusal_and_a_flood_is_sampled(journal, clock, caplog):
    caplog.set_level(logging.INFO)
    made = exchange(error=HandleNotFound("x"), status=404)
    pass_through(journal, made)
    (line,) = [record.getMessage() for record in caplog.records]
    assert "W-HDL-NOT-FOUND" in line
    assert made.id in line
    for _ in range(100):
        pass_through(journal, exchange(status=404))
    assert len(caplog.records) == LINES_A_SECOND
    clock.seconds += 1
    pass_through(journal, exchange(status=404))
    assert caplog.records[LINES_A_SECOND].getMessage().startswith(f"{101 - LINES_A_SECOND} more")
    assert len(caplog.records) == LINES_A_SECOND + 2


def test_a_referral_is_called_no_refusal(journal, caplog):
    caplog.set_level(logging.INFO)
    pass_through(journal, exchange(error=ServiceReferral(b""), status=300))
    pass_through(journal, exchange(error=HandleNotFound("x"), status=404))
    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("referred ")
    assert second.startswith("refused ")


def test_writes_that_succeed_leave_no_line(journal, caplog):
    caplog.set_level(logging.INFO)
    pass_through(journal, exchange(operation=events.CREATE, code=1))
    assert not caplog.records
