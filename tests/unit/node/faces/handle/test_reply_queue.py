"""Answers leave in the order of their requests, whatever the order in which they are made."""

import random

from hypothesis import given
from hypothesis import strategies as st

from idnode.node.faces.handle.reply_queue import PendingReply, ReplyQueue
from idnode.node.service.handle.response import Reply


def reply(wire, *, continued=False):
    return Reply(wire, "resolve", 1, b"", continued)


def test_an_answer_made_at_once_is_ready():
    queue = ReplyQueue()
    pending = PendingReply(lambda pending, reply: queue.place(pending, reply.wire), 0.0)
    pending.reply(reply(b"one"))
    queue.keep(pending)
    assert len(queue) == 0
    assert queue.take() == b"one"
    assert queue.size == 0


def test_nothing_is_taken_after_the_last_answer_of_a_turn():
    queue = ReplyQueue()
    pending = PendingReply(lambda pending, reply: queue.place(pending, reply.wire), 0.0)
    pending.reply(reply(b"one"))
    pending.reply(reply(b"two"))
    assert queue.take() == b"one"


@given(st.data())
def test_any_order_of_making_gives_the_order_of_asking(data):
    queue = ReplyQueue()
    count = data.draw(st.integers(1, 12))
    parts = [data.draw(st.integers(1, 3)) for _ in range(count)]
    at_once = [data.draw(st.integers(0, parts[number])) for number in range(count)]
    expected = b"".join(b"<%d.%d>" % (n, part) for n in range(count) for part in range(parts[n]))
    taken = []
    waiting = []
    for number in range(count):
        pending = PendingReply(lambda pending, reply: queue.place(pending, reply.wire), 0.0)
        answers = [
            reply(b"<%d.%d>" % (number, part), continued=part < parts[number] - 1)
            for part in range(parts[number])
        ]
        for answer in answers[: at_once[number]]:
            pending.reply(answer)
        queue.keep(pending)
        waiting.append((pending, answers[at_once[number] :]))
    shuffled = [number for number, (_, answers) in enumerate(waiting) for _ in answers]
    random.Random(data.draw(st.integers(0, 99))).shuffle(shuffled)
    for number in shuffled:
        pending, answers = waiting[number]
        pending.reply(answers.pop(0))
        if queue.ready:
            taken.append(queue.take())
    taken.append(queue.take())
    assert b"".join(taken) == expected
    assert (len(queue), queue.size) == (0, 0)
