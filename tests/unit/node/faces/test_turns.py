"""Answers leave in the order of their requests, whatever the order in which they are made."""

import random

from hypothesis import given
from hypothesis import strategies as st

from node.faces.turns import Turn, Turns
from node.service.response import Reply


def reply(wire, *, continued=False):
    return Reply(wire, "resolve", 1, b"", continued)


def test_an_answer_made_at_once_is_ready():
    turns = Turns()
    turn = Turn(lambda turn, reply: turns.place(turn, reply.wire), 0.0)
    turn.reply(reply(b"one"))
    turns.keep(turn)
    assert len(turns) == 0
    assert turns.take() == b"one"
    assert turns.size == 0


def test_nothing_is_taken_after_the_last_answer_of_a_turn():
    turns = Turns()
    turn = Turn(lambda turn, reply: turns.place(turn, reply.wire), 0.0)
    turn.reply(reply(b"one"))
    turn.reply(reply(b"two"))
    assert turns.take() == b"one"


@given(st.data())
def test_any_order_of_making_gives_the_order_of_asking(data):
    turns = Turns()
    count = data.draw(st.integers(1, 12))
    parts = [data.draw(st.integers(1, 3)) for _ in range(count)]
    at_once = [data.draw(st.integers(0, parts[number])) for number in range(count)]
    expected = b"".join(b"<%d.%d>" % (n, part) for n in range(count) for part in range(parts[n]))
    taken = []
    pending = []
    for number in range(count):
        turn = Turn(lambda turn, reply: turns.place(turn, reply.wire), 0.0)
        answers = [
            reply(b"<%d.%d>" % (number, part), continued=part < parts[number] - 1)
            for part in range(parts[number])
        ]
        for answer in answers[: at_once[number]]:
            turn.reply(answer)
        turns.keep(turn)
        pending.append((turn, answers[at_once[number] :]))
    shuffled = [number for number, (_, answers) in enumerate(pending) for _ in answers]
    random.Random(data.draw(st.integers(0, 99))).shuffle(shuffled)
    for number in shuffled:
        turn, answers = pending[number]
        turn.reply(answers.pop(0))
        if turns.ready:
            taken.append(turns.take())
    taken.append(turns.take())
    assert b"".join(taken) == expected
    assert (len(turns), turns.size) == (0, 0)
