"""Promises of a walk along referrals, against scripted answers.

* Referrals are followed by the rule of the site they name, until somebody answers; each question is one hop.
* Of several servers the next one is asked when one does not answer.
* Loops, dead ends and walks that do not end are told as such, with the names of the nodes; nothing raises.
* A trace survives the way through JSON; a picture of it is well-formed XML whatever a peer put into its names.
"""

import json
from xml.etree import ElementTree as ET

import pytest

from idnode.clients.answer import Answer, Question
from idnode.clients.calls import run
from idnode.clients.errors import TimedOut
from idnode.clients.tracing.picture import trace_picture
from idnode.clients.tracing.place import NODE_ATTRIBUTE, ROLE_ATTRIBUTE, Place
from idnode.clients.tracing.text import format_trace
from idnode.clients.tracing.trace import End, read_trace, trace_object
from idnode.clients.tracing.walk import HOPS_MAX, walk
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.types.hs_site import (
    Interface,
    Server,
    Site,
    encode_site,
    pack_address,
    server_number,
)

QUESTION = Question(b"88.901.5/cup")
ROOT = Place("127.0.0.1", 2641, 2641, node="top", role="national")


def site(*ports, node="below", hash_option=2, value_type="HS_SITE", index=1):
    servers = tuple(
        Server(number, pack_address("127.0.0.1"), interfaces=(Interface(3, 1, port),))
        for number, port in enumerate(ports)
    )
    named = ((NODE_ATTRIBUTE, node.encode()), (ROLE_ATTRIBUTE, b"secondary"))
    data = encode_site(Site(1, servers, named, hash_option=hash_option))
    return HandleValue(index, value_type, data)


def answer(code=1, *values, referral=b"", message=""):
    return Answer(QUESTION.handle, values, code, message, referral)


def traced(script, question=QUESTION, **options):
    """The trace, with the answers of the script by port."""

    def ask(step):
        found = script[step.place.port]
        found = found(step) if callable(found) else found
        if isinstance(found, Exception):
            raise found
        return found

    return run(walk(question, ROOT, **options), ask)


URL = HandleValue(1, "URL", b"https://example.org")


def test_referrals_are_followed_to_the_answer():
    trace = traced({2641: answer(302, site(2642)), 2642: answer(1, URL)})
    assert trace.end is End.ANSWERED
    assert trace.answer.values == (URL,)
    assert [(hop.node, hop.response_code) for hop in trace.hops] == [("top", 302), ("below", 1)]
    assert trace.hops[0].refers_to == ("below 127.0.0.1:2642",)
    assert trace.hops[1].rule == "302: HS_SITE at 1"


@pytest.mark.parametrize("hash_option", [0, 1, 2])
def test_the_server_of_a_site_is_chosen_by_its_hash(hash_option):
    ports = (2651, 2652, 2653)
    right = ports[server_number(QUESTION.handle, hash_option, 3)]
    trace = traced(
        {2641: answer(302, site(*ports, hash_option=hash_option)), right: answer(1, URL)}
    )
    assert trace.end is End.ANSWERED
    assert "of 3 by the hash of" in trace.hops[1].rule


def test_the_next_site_is_asked_when_one_does_not_answer():
    trace = traced(
        {
            2641: answer(302, site(2642, node="gone"), site(2643, index=2)),
            2642: TimedOut("no answer"),
            2643: answer(1, URL),
        }
    )
    assert trace.end is End.ANSWERED
    assert [hop.failure for hop in trace.hops] == ["", "no answer", ""]


def test_a_service_handle_is_resolved_first():
    service = answer(302, HandleValue(1, "HS_SERV", b"0.SERV/x"))

    def top(step):
        return answer(1, site(2642)) if step.question.handle == b"0.SERV/x" else service

    trace = traced({2641: top, 2642: answer(1, URL)})
    assert [hop.question for hop in trace.hops] == ["88.901.5/cup", "0.SERV/x", "88.901.5/cup"]
    assert trace.end is End.ANSWERED


def test_a_loop_is_named():
    trace = traced(
        {
            2641: answer(302, site(2642, node="a")),
            2642: answer(302, site(2643, node="b")),
            2643: answer(303, site(2642, node="a")),
        }
    )
    assert (trace.end, trace.why) == (End.LOOP, "a → b → a")


@pytest.mark.parametrize(
    ("end", "why", "last"),
    [
        (End.NOT_FOUND, "below answers handle_not_found", answer(100)),
        (End.DEAD_END, "nobody is known to answer for 88.901.5/cup", answer(301)),
        (End.DEAD_END, "below refers elsewhere and names no server", answer(302)),
        (End.DEAD_END, "below does not answer: silence", TimedOut("silence")),
        (End.REFUSED, "below answers server_busy: later", answer(3, message="later")),
    ],
)
def test_other_ends_are_told(end, why, last):
    trace = traced({2641: answer(302, site(2642)), 2642: last})
    assert trace.end is end
    assert why in trace.why


def test_a_walk_without_end_ends():
    trace = traced({port: answer(302, site(port + 1)) for port in range(2641, 2700)})
    assert trace.end is End.TOO_DEEP
    assert len(trace.hops) == HOPS_MAX


def test_nobody_is_asked_who_may_not_be():
    trace = traced(
        {2641: answer(302, site(2642)), 2642: answer(1, URL)},
        may_ask=lambda place: place.port == 2641,
    )
    assert (trace.end, len(trace.hops)) == (End.DEAD_END, 1)


def test_a_trace_goes_through_json_and_into_text_and_a_picture():
    hostile = "<script>&\x1b[31m"
    trace = traced({2641: answer(302, site(2642, node=hostile)), 2642: answer(100)})
    assert read_trace(json.loads(json.dumps(trace_object(trace)))) == trace
    ET.fromstring(trace_picture(trace))  # our own picture
    assert "\x1b" not in format_trace(trace)
    assert ";; NOT FOUND" in format_trace(trace)


@pytest.mark.parametrize(
    "bad", [{}, {"hops": [1]}, {"handle": "x", "hops": [], "end": "?", "why": ""}]
)
def test_what_is_no_trace_is_refused(bad):
    with pytest.raises(ValueError, match="trace"):
        read_trace(bad)
