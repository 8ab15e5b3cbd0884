"""At a start a database that is away is waited for: with one line of the log, and not for ever."""

import logging

import pytest

from idnode.node import waiting
from idnode.node.waiting import once_there
from idnode.registry.directory.errors import DirectoryUnavailable, SchemaTooNew
from idnode.registry.errors import RegisterAway, RegisterUnavailable


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(waiting, "_PAUSE_SECONDS", 0)


def attempt(*ends):
    """Return an attempt that ends so, one after the other."""
    left = iter(ends)

    async def made():
        end = next(left)
        if isinstance(end, Exception):
            raise end
        return end

    return made


async def test_it_is_tried_again_and_one_line_tells(caplog):
    caplog.set_level(logging.INFO)
    away = RegisterAway("nobody answers"), DirectoryUnavailable("refused")
    assert await once_there("the register", attempt(*away, *away, 7)) == 7
    first, last = (record.getMessage() for record in caplog.records)
    assert first == "waiting for the register, at most 120 s: nobody answers"
    assert last == "the register answers now"


async def test_what_answers_at_once_is_not_told(caplog):
    caplog.set_level(logging.INFO)
    assert await once_there("the register", attempt(7)) == 7
    assert not caplog.records


async def test_it_is_not_tried_for_ever(monkeypatch):
    monkeypatch.setattr(waiting, "START_SECONDS", 0)
    with pytest.raises(RegisterAway):
        await once_there("the register", attempt(RegisterAway("nobody answers"), 7))


@pytest.mark.parametrize("error", [RegisterUnavailable("no such role"), SchemaTooNew("later")])
async def test_what_will_not_pass_is_not_waited_for(error):
    with pytest.raises(type(error)):
        await once_there("the register", attempt(error, 7))
