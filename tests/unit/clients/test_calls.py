"""Calls that are written once and run by blocking and asyncio clients.

* The steps' results come back to them, their return value to the caller, under either kind.
* An error of a step is raised where the step was asked for, and may be dealt with there; else it reaches the caller.
* A paged call hands over its parts as they come, empty ones not.
* Both kinds show the method's signature, docstring and result; only the asyncio one is a coroutine function.
* Every public call of the two clients of a kind is the same one.
"""

import asyncio
import inspect

import pytest

from idnode.clients import aio, blocking, snms, snms_blocking, web, web_blocking
from idnode.clients.calls import Blocking, Waiting, call, paged


class Halves:
    """Calls whose steps are numbers, each answered by its half."""

    @call
    def quarter(self, number: int, *, extra: int = 0):
        """Return a quarter and something."""
        half = yield number
        return (yield half) + extra

    @call
    def safe(self, number):
        try:
            return (yield number)
        except ZeroDivisionError:
            return (yield 8)

    @paged
    def down(self, number):
        while number >= 1:
            number = yield number


def half(number):
    if number == 0:
        raise ZeroDivisionError
    return number // 2


class BlockingHalves(Halves, Blocking):
    def close(self):
        self.closed = True

    def _perform(self, step):
        return half(step)


class WaitingHalves(Halves, Waiting):
    async def close(self):
        self.closed = True

    async def _perform(self, step):
        await asyncio.sleep(0)
        return half(step)


def ask_blocking(scenario):
    with BlockingHalves() as client:
        found = scenario(client)
        found = list(found) if inspect.isgenerator(found) else found
    return found, client.closed


def ask_waiting(scenario):
    async def ask():
        async with WaitingHalves() as client:
            found = scenario(client)
            found = [each async for each in found] if inspect.isasyncgen(found) else await found
        return found, client.closed

    return asyncio.run(ask())


kinds = pytest.mark.parametrize("ask", [ask_blocking, ask_waiting])


@kinds
def test_results_come_back_to_the_steps_and_to_the_caller(ask):
    assert ask(lambda client: client.quarter(20, extra=1)) == (6, True)


@kinds
def test_an_error_is_raised_where_the_step_was_asked_for(ask):
    assert ask(lambda client: client.safe(0)) == (4, True)
    with pytest.raises(ZeroDivisionError):
        ask(lambda client: client.quarter(0))


@kinds
def test_parts_come_as_they_are_found_and_empty_ones_do_not(ask):
    assert ask(lambda client: client.down(9)) == ([4, 2, 1], True)
    assert ask(lambda client: client.down(0)) == ([], True)


def test_both_kinds_show_what_was_written():
    for kind in (BlockingHalves, WaitingHalves):
        assert kind.quarter.__doc__ == "Return a quarter and something."
        assert list(inspect.signature(kind.quarter).parameters) == ["self", "number", "extra"]
    assert inspect.iscoroutinefunction(WaitingHalves.quarter)
    assert not inspect.iscoroutinefunction(BlockingHalves.quarter)
    shown = inspect.signature(web.Client.create).return_annotation
    assert shown.__name__ == "Written"


def public(client):
    return {name for name in dir(client) if not name.startswith("_")}


@pytest.mark.parametrize(
    ("plain", "waiting", "own"),
    [
        (blocking.Client, aio.Client, {"datagram_received", "datagrams_refused"}),
        (web_blocking.Client, web.Client, set()),
        (snms_blocking.Client, snms.Client, set()),
    ],
)
def test_the_clients_of_a_kind_have_the_same_calls(plain, waiting, own):
    assert public(waiting) - public(plain) == own
    assert public(plain) <= public(waiting)
    for name in public(plain) - {"close", "do", "ask"}:
        assert inspect.signature(getattr(plain, name)) == inspect.signature(getattr(waiting, name))
