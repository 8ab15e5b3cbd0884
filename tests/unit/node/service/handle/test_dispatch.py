"""The ladder: each request is carried out or refused by name, now or later, and nothing gets past it."""

import asyncio
from contextvars import ContextVar
from types import SimpleNamespace

import pytest

from idnode.node.service.handle.connection import Connection
from idnode.node.service.handle.dispatch import Dispatch
from idnode.node.service.handle.response import Responses
from idnode.registry.errors import HandleExists
from idnode.registry.fetching import NotFetched
from idnode.registry.handle.wire.failure import decode_failure
from idnode.registry.handle.wire.message import decode_message

CONNECTION = Connection(("192.0.2.1", 9), stream=True, now=1000)


@pytest.fixture
def ask(wire):
    """Return a function that has a message dispatched and returns the replies."""

    def ask(dispatch, replies=None, **fields):
        data = wire.message(**fields)
        replies = [] if replies is None else replies
        dispatch(decode_message(data), wire.envelope(len(data)), CONNECTION, replies.append)
        return replies

    return ask


def codes(replies):
    return [reply.response_code for reply in replies]


@pytest.mark.parametrize("op_code", [3, 106, 999, 1000, 1003, 0xFFFFFFFF])
async def test_an_operation_that_is_not_offered_is_not_supported(service, ask, op_code):
    assert codes(ask(service.dispatch, op_code=op_code)) == [5]


async def test_operation_zero_is_a_protocol_error(service, ask):
    assert codes(ask(service.dispatch, op_code=0)) == [4]


async def test_an_answer_is_not_a_request(service, ask):
    assert codes(ask(service.dispatch, op_code=1, response_code=1)) == [2]


async def test_a_request_may_have_gone_through_ten_servers(service, ask):
    assert codes(ask(service.dispatch, op_code=2, recursion_count=10)) == [1]
    assert codes(ask(service.dispatch, op_code=2, recursion_count=11)) == [6]


async def test_a_body_that_cannot_be_decoded_is_a_protocol_error(service, ask):
    assert codes(ask(service.dispatch, op_code=1, body=b"\xff\xff\xff\xff")) == [4]


def test_what_an_operation_raises_is_answered(ask):
    def refuse(*_request):
        raise HandleExists

    def crash(*_request):
        raise ZeroDivisionError("inner details")

    responses = Responses()
    dispatch = Dispatch({100: refuse, 101: crash}, responses)
    assert codes(ask(dispatch, op_code=100)) == [101]
    (reply,) = ask(dispatch, op_code=101)
    assert reply.response_code == 2
    assert b"inner details" not in reply.wire
    assert responses.unplanned.count == 1


async def test_replies_may_come_later_with_success_or_error(ask, wire):
    gate = asyncio.Event()
    responses = Responses()

    async def work(message, envelope, connection, *, fails):
        await gate.wait()
        if fails:
            raise HandleExists
        return responses.success(message, envelope, connection, b"", "create", b"88.900")

    def later(*, fails):
        def operation(message, envelope, connection, reply):
            dispatch.later(
                work(message, envelope, connection, fails=fails),
                message,
                envelope,
                connection,
                reply,
            )

        return operation

    dispatch = Dispatch({100: later(fails=False), 101: later(fails=True)}, responses)
    replies = []
    ask(dispatch, replies, op_code=100)
    ask(dispatch, replies, op_code=101)
    assert replies == []
    assert dispatch.under_way == 2
    gate.set()
    await dispatch.drain()
    assert codes(replies) == [1, 101]
    assert dispatch.under_way == 0


async def test_the_text_of_an_unknown_operation_names_its_code(service, ask, wire):
    (reply,) = ask(service.dispatch, op_code=999)
    ((_, message),) = wire.answers(reply.wire)
    assert "999" in decode_failure(message.body)


async def test_an_outcome_that_comes_later_is_answered_or_what_it_raises_is(ask):
    responses = Responses()
    outcomes = {code: asyncio.get_running_loop().create_future() for code in (100, 101)}

    def operation(message, envelope, connection, reply):
        def answer(prefix):
            return responses.success(message, envelope, connection, b"", "create", prefix)

        outcome = outcomes[message.op_code]
        dispatch.after(outcome, answer, message, envelope, connection, reply)

    dispatch = Dispatch({100: operation, 101: operation}, responses)
    replies = []
    ask(dispatch, replies, op_code=100)
    ask(dispatch, replies, op_code=101)
    assert replies == []
    assert dispatch.under_way == 2
    outcomes[100].set_result(b"88.900")
    outcomes[101].set_exception(HandleExists())
    await dispatch.drain()
    assert codes(replies) == [1, 101]
    assert [reply.prefix for reply in replies] == [b"88.900", b""]
    assert dispatch.under_way == 0


async def test_requests_that_miss_records_are_carried_out_in_the_order_in_which_they_came(ask):
    waiting, here, carried_out = {}, ContextVar("here", default=frozenset()), []
    all_asked_for = asyncio.Event()

    async def prefetch(handles):
        waiting[handles] = asyncio.get_running_loop().create_future()
        if len(waiting) == 3:
            all_asked_for.set()
        await waiting[handles]
        here.set(here.get() | set(handles))

    def operation(message, _envelope, _connection, reply):
        if message.body not in here.get():
            raise NotFetched([message.body], prefetch)
        carried_out.append(message.body)
        if message.body == b"2":
            raise HandleExists
        reply(SimpleNamespace(response_code=1))

    dispatch, replies = Dispatch({1: operation}, Responses()), []
    for body in (b"1", b"2", b"3"):
        ask(dispatch, replies, body=body)
    assert dispatch.under_way == 3
    await all_asked_for.wait()
    for body in (
        b"3",
        b"2",
        b"1",
    ):  # the answers come the other way round
        waiting[body,].set_result(None)
    await dispatch.drain()
    assert carried_out == [b"1", b"2", b"3"]
    assert codes(replies) == [1, 101, 1]
    assert CONNECTION.turn is None


async def test_a_request_that_never_has_its_records_is_answered(ask):
    async def prefetch(_handles):
        pass

    def operation(*_request):
        raise NotFetched([b"x"], prefetch)

    dispatch = Dispatch({1: operation}, Responses())
    replies = ask(dispatch)
    await dispatch.drain()
    assert codes(replies) == [2]
